"""opsctl download when something fails: killed, cut, refused, damaged, no room."""

import signal
import socket
from collections.abc import Iterator
from functools import partial

import pytest

from tests.fakes import hub_files
from tests.fakes.hub import FakeHub
from tests.fakes.hub_downloads import (
    ADAPTER,
    MODEL,
    WEIGHTS,
    bodies,
    download,
    ranges,
    serving,
    start_and_hear,
)
from tests.limits import limit_file_size
from tests.workspace import Workspace

TOKEN = "hf_secretsecretsecret"
BIG = 24_000_000  # bytes; huggingface_hub writes 10 MiB at a time
BLOCK = 10 << 20


@pytest.fixture
def hub(workspace: Workspace) -> Iterator[FakeHub]:
    """The Hub that the workspace's commands ask."""
    with serving(workspace) as made:
        yield made


def test_a_killed_download_goes_on_where_it_was(workspace: Workspace, hub: FakeHub) -> None:
    hub.push_all(BIG)
    hub.hold("/" + WEIGHTS, BLOCK + 1_000_000)
    with start_and_hear(workspace) as process:
        process.send_signal(signal.SIGKILL)
    assert not (workspace.state / MODEL).exists()
    (cut,) = workspace.state.rglob("*.incomplete")
    kept = cut.stat().st_size  # a block, or less where the kill came while it was being written
    assert 0 < kept <= BLOCK
    assert download(workspace, "model")["model"]["fetched"] == BIG - kept
    assert ranges(hub) == [kept]
    assert (workspace.state / MODEL / WEIGHTS).read_bytes() == hub_files.safetensors(BIG)


def test_an_interrupted_download_says_how_to_go_on(workspace: Workspace, hub: FakeHub) -> None:
    hub.push_all(BIG)
    hub.hold("/" + WEIGHTS, BLOCK + 1_000_000)
    with start_and_hear(workspace) as process:
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate()
    assert process.returncode == 130
    assert "interrupted: what was fetched is kept; the same command goes on with it" in stderr
    assert "Traceback" not in stderr
    download(workspace, "model")
    assert ranges(hub) == [BLOCK]


def test_a_cut_connection_is_taken_up_again(workspace: Workspace, hub: FakeHub) -> None:
    hub.push_all(BIG)
    hub.cut("/" + WEIGHTS, BLOCK + 1_000_000)
    done = workspace.run("download", "model")
    assert done.returncode == 0, done
    assert "trying again" in done.stderr
    assert ranges(hub) == [BLOCK]
    assert (workspace.state / MODEL / WEIGHTS).read_bytes() == hub_files.safetensors(BIG)


def test_a_connection_that_is_always_cut_is_told_and_nothing_is_lost(
    workspace: Workspace, hub: FakeHub
) -> None:
    hub.cut("/" + WEIGHTS, 1000, times=99)
    told = workspace.fails(1, "download", "model")
    assert "broke off" in told
    assert "what was fetched is kept; the same command goes on with it" in told
    with FakeHub() as healthy:
        healthy.push_all()
        workspace.env["OPSCTL_HF_ENDPOINT"] = healthy.url
        download(workspace, "model")
        assert bodies(healthy) == [WEIGHTS]


def test_a_hub_that_is_busy_for_a_moment_is_asked_again(workspace: Workspace, hub: FakeHub) -> None:
    hub.fail("/api/", 503)
    hub.fail("/resolve/", 503)
    hub.fail("/cdn/", 502)
    assert download(workspace, "model")["model"]["result"] == "downloaded"


def test_a_wrong_hash_deletes_the_file_and_the_next_run_fetches_it(
    workspace: Workspace, hub: FakeHub
) -> None:
    hub.corrupt("tokenizer.json")
    told = workspace.fails(1, "download", "model")
    assert "tokenizer.json" in told
    assert "wrong hash" in told
    assert not list(workspace.state.rglob("tokenizer.json"))
    hub.corrupt("/" + WEIGHTS)
    assert WEIGHTS in workspace.fails(1, "download", "model")
    before = len(bodies(hub))
    download(workspace, "model")
    assert bodies(hub)[before:] == [WEIGHTS]


@pytest.mark.parametrize(
    ("status", "sentence", "hint"),
    [
        (401, "does not give", "OPSCTL_HF_TOKEN"),
        (403, "closed to this account", "OPSCTL_HF_TOKEN"),
        (404, "has no", "OPSCTL_HF_ENDPOINT"),
        (503, "busy or broken", "try later"),
        (200, "does not answer as the Hub does", "login page"),
    ],
)
def test_what_the_hub_answers_is_told_in_words(
    workspace: Workspace, hub: FakeHub, status: int, sentence: str, hint: str
) -> None:
    hub.fail("/api/", status, times=9)
    told = workspace.fails(1, "download", env={"OPSCTL_HF_TOKEN": TOKEN})
    assert sentence in told
    assert hint in told
    assert TOKEN not in told


def test_no_network_and_no_name_are_told_apart(workspace: Workspace) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        refused = workspace.fails(
            1, "download", env={"OPSCTL_HF_ENDPOINT": f"http://127.0.0.1:{port}"}
        )
    assert f"nothing answers at 127.0.0.1:{port}" in refused
    unknown = workspace.fails(1, "download", env={"OPSCTL_HF_ENDPOINT": "http://hub.invalid"})
    assert "the name hub.invalid cannot be found" in unknown
    offline = workspace.fails(1, "download", env={"HF_HUB_OFFLINE": "1"})
    assert "HF_HUB_OFFLINE" in offline


def test_repositories_that_are_closed_gated_or_not_there(
    workspace: Workspace, hub: FakeHub
) -> None:
    hub.gated.add(hub_files.MODEL)
    told = workspace.fails(1, "download", "model")
    assert f"{hub_files.MODEL} on" in told
    assert "accept its terms" in told
    hub.closed[hub_files.ADAPTER] = TOKEN
    assert "OPSCTL_HF_TOKEN" in workspace.fails(1, "download", "adapter")
    wrong = workspace.fails(1, "download", "adapter", env={"OPSCTL_HF_TOKEN": "hf_wrongwrong"})
    assert "the token is not accepted" in wrong
    assert "hf_wrongwrong" not in wrong
    debug = {"OPSCTL_HF_TOKEN": "hf_wrongwrong", "OPSCTL_DEBUG": "1"}
    traced = workspace.run("download", "adapter", env=debug).stderr
    assert "Traceback" in traced
    assert "hf_wrongwrong" not in traced
    del hub.branches[hub_files.EMBEDDER]["main"]
    assert "has no revision main" in workspace.fails(1, "download", "embedder")
    del hub.branches[hub_files.EMBEDDER]
    assert "does not exist" in workspace.fails(1, "download", "embedder")


def test_a_commit_that_the_hub_forgot_names_upgrade(workspace: Workspace, hub: FakeHub) -> None:
    commit = download(workspace, "model")["model"]["commit"]
    hub.push(hub_files.MODEL, hub_files.MODEL_BRANCH, hub_files.model(50_000))
    del hub.commits[hub_files.MODEL][commit]
    (workspace.state / MODEL / WEIGHTS).unlink()
    assert "opsctl download --upgrade" in workspace.fails(1, "download", "model")
    download(workspace, "model", "--upgrade")


def test_a_disk_without_room_is_told_before_the_first_byte(
    workspace: Workspace, hub: FakeHub
) -> None:
    hub.announced[WEIGHTS] = 10**15  # bytes
    told = workspace.fails(1, "download")
    assert "no room for the download" in told
    assert "OPSCTL_STATE" in told
    assert bodies(hub) == []


def test_a_disk_that_fills_up_is_told_and_the_rest_comes_later(
    workspace: Workspace, hub: FakeHub
) -> None:
    hub.push_all(BIG)
    limit = BLOCK + 1_000_000
    workspace.options["preexec_fn"] = partial(limit_file_size, limit)
    told = workspace.fails(1, "download", "model")
    assert "no room for the download" in told
    assert "free some space" in told
    del workspace.options["preexec_fn"]
    download(workspace, "model")
    assert (workspace.state / MODEL / WEIGHTS).read_bytes() == hub_files.safetensors(BIG)


@pytest.mark.parametrize("folder", [".", "models"])
def test_a_folder_that_can_not_be_written_is_told(
    plain_user: Workspace, hub: FakeHub, folder: str
) -> None:
    (plain_user.state / folder).mkdir(parents=True)
    (plain_user.state / folder).chmod(0o500)
    assert "cannot be written" in plain_user.fails(1, "download")


def test_a_damaged_manifest_is_told_and_what_is_here_is_not_fetched_again(
    workspace: Workspace, hub: FakeHub
) -> None:
    download(workspace)
    path = workspace.state / "manifest.json"
    for damage in ("", "[]", '{"installed": {"model": {}}, "pending": {}}'):
        path.write_text(damage)
        assert f"rm {path}" in workspace.fails(1, "download")
    path.unlink()
    before = len(bodies(hub))
    download(workspace)
    assert bodies(hub)[before:] == []


def test_a_model_that_does_not_fit_the_server_is_not_put_in_place(
    workspace: Workspace, hub: FakeHub
) -> None:
    hub.push(hub_files.MODEL, hub_files.MODEL_BRANCH, hub_files.model(bits=8))
    assert "bits is 8, not 4" in workspace.fails(1, "download", "model")
    assert not (workspace.state / MODEL).exists()
    hub.push(hub_files.MODEL, hub_files.MODEL_BRANCH, hub_files.model())
    download(workspace, "model", "--upgrade")


@pytest.mark.parametrize(
    ("adapter", "said"),
    [
        (hub_files.adapter(hidden=32), "not (8, 16)"),  # sound in itself, made for another model
        (hub_files.adapter(rank=4), "has r 4"),
        (hub_files.adapter(fill=0.0), "all its B are 0"),
    ],
)
def test_an_adapter_that_the_server_would_not_apply_is_refused(
    workspace: Workspace, hub: FakeHub, adapter: dict[str, bytes], said: str
) -> None:
    hub.push(hub_files.ADAPTER, "main", adapter)
    assert said in workspace.fails(1, "download", "model", "adapter")
    assert not (workspace.state / ADAPTER).exists()
    assert (workspace.state / MODEL).is_dir()


def test_names_that_lead_out_of_the_folder_are_refused(workspace: Workspace, hub: FakeHub) -> None:
    hub.push(hub_files.MODEL, hub_files.MODEL_BRANCH, {"../../evil.json": b"{}"})
    assert "does not answer as the Hub does" in workspace.fails(1, "download", "model")
    assert not list(workspace.root.rglob("evil.json"))


def test_a_socks_proxy_of_the_environment_is_named(workspace: Workspace) -> None:
    """What the Hub's client needs for one is not installed with opsctl."""
    with serving(workspace):
        for name in ("ALL_PROXY", "HTTP_PROXY"):
            env = {name: "socks5://ann:s3cret-w0rd@127.0.0.1:1", "NO_PROXY": ""}
            words = workspace.fails(1, "download", "adapter", env=env)
            assert "does not speak to the SOCKS proxy" in words
            assert "PySocks" in words and "OPSCTL_HF_ENDPOINT" in words
            assert "s3cret-w0rd" not in words


def test_the_proxy_of_the_environment_is_asked(workspace: Workspace) -> None:
    with serving(workspace):
        words = workspace.fails(1, "download", "adapter", env={"HTTP_PROXY": "http://127.0.0.1:1"})
        assert "the proxy on the way to" in words
