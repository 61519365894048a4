"""opsctl bench-server: figures of the running server, and what is said of a slow or failing one."""

import signal
from collections.abc import Iterator

import pytest

from tests.fakes.tgi_process import TGIProcess, tgi_process
from tests.workspace import Workspace


@pytest.fixture(scope="module")
def process() -> Iterator[TGIProcess]:
    with tgi_process() as running:
        yield running


@pytest.fixture
def tgi(process: TGIProcess, workspace: Workspace) -> TGIProcess:
    """A healthy server that the workspace's settings name."""
    process.play(pace=0, eos_every=0)
    workspace.env |= {"OPSCTL_SERVER_URL": process.url, "OPSCTL_ADAPTER": "hackatone"}
    return process


def test_one_four_and_sixteen_questions_are_measured(tgi: TGIProcess, workspace: Workspace) -> None:
    before = len(tgi.requests())
    told = workspace.json("bench-server", "--tokens", "16")
    assert [one["questions"] for one in told["rounds"]] == [1, 4, 16]
    assert all(one["answered"] == one["questions"] for one in told["rounds"])
    sent = [one["body"]["inputs"] for one in tgi.requests()[before:] if "inputs" in one["body"]]
    prompts = [text for text in sent if "слово в слово" in text]
    assert len(prompts) == len(set(prompts)) >= 1 + 4 + 16, "a kept prompt would flatter"


def test_what_is_slow_is_measured_as_it_is(tgi: TGIProcess, workspace: Workspace) -> None:
    tgi.play(pace=0.05, eos_every=0)
    first, *_ = workspace.json("bench-server", "--tokens", "16")["rounds"]
    assert 8 < first["each"] <= 20, "a token each 0.05 s"


def test_ctrl_c_shows_what_was_measured(tgi: TGIProcess, workspace: Workspace) -> None:
    tgi.play(pace=0.05, eos_every=0)
    process = workspace.start("bench-server", fresh=True)
    assert process.stderr
    while "measuring: 1/3" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGINT)
    shown, _ = process.communicate()
    assert process.returncode == 130
    assert [line.split()[0] for line in shown.splitlines()] == ["at", "1"]


def test_no_server_is_told_with_what_helps(workspace: Workspace) -> None:
    told = workspace.fails(3, "bench-server")
    assert told.startswith("error: there is nothing to measure: no model server runs here")


def test_a_wrong_key_is_the_reason(tgi: TGIProcess, workspace: Workspace) -> None:
    tgi.play(api_key="right")
    told = workspace.fails(1, "bench-server", env={"OPSCTL_API_KEY": "wrong"})
    assert "OPSCTL_API_KEY" in told
