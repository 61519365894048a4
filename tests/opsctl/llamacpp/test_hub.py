"""A model for llama.cpp from the Hub: looked at before it is fetched, and recorded."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes.hub import FakeHub
from tests.opsctl.llamacpp import files
from tests.workspace import Workspace

NAME = "someone/small-GGUF:small.gguf"


@pytest.fixture
def hub(workspace: Workspace) -> Iterator[FakeHub]:
    with FakeHub() as made:
        workspace.env["OPSCTL_HF_ENDPOINT"] = made.url
        yield made


def put(hub: FakeHub, name: str, content: bytes) -> str:
    repo, _, file = name.partition(":")
    return hub.push(repo, "main", {file: content, "other.gguf": b"of another size"})


def place(workspace: Workspace, name: str = NAME) -> Path:
    repo, _, file = name.partition(":")
    return workspace.state / "models" / repo.replace("/", "--") / file


def test_start_fetches_a_model_of_the_hub_once_and_records_its_commit(
    workspace: Workspace, hub: FakeHub, tmp_path: Path
) -> None:
    commit = put(hub, NAME, files.model(tmp_path / "m.gguf").read_bytes())
    words = ("start", "--server", "llamacpp", "--model", NAME, "--dry-run")
    done = workspace.run(*words)
    assert done.returncode == 0 and str(place(workspace)) in done.stdout, done
    record = json.loads((workspace.state / "manifest.json").read_text())
    assert record["installed"][NAME]["commit"] == commit
    assert [file["path"] for file in record["installed"][NAME]["files"]] == ["small.gguf"]
    hub.seen.clear()
    assert workspace.run(*words).returncode == 0
    assert not [seen for seen in hub.seen if "/resolve/" in seen.path]


def test_download_brings_it_too(workspace: Workspace, hub: FakeHub, tmp_path: Path) -> None:
    put(hub, NAME, files.model(tmp_path / "m.gguf").read_bytes())
    (found,) = workspace.json("download", NAME)["downloads"]
    assert found["result"] == "downloaded" and place(workspace).is_file()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda whole: whole[:-5], "is cut off"),
        (lambda whole: b"<html>" * 900, "is no GGUF file"),
        (lambda whole: whole.replace(b"chat_template", b"that_template"), "has no chat template"),
    ],
)
def test_what_could_not_be_served_is_not_fetched(
    workspace: Workspace,
    hub: FakeHub,
    tmp_path: Path,
    content: Callable[[bytes], bytes],
    said: str,
) -> None:
    put(hub, NAME, content(files.model(tmp_path / "m.gguf").read_bytes()))
    told = workspace.fails(1, "start", "--server", "llamacpp", "--model", NAME)
    assert said in told
    assert not place(workspace).parent.exists()


def test_a_model_for_which_there_is_no_memory_is_not_fetched(
    workspace: Workspace, hub: FakeHub, tmp_path: Path
) -> None:
    """A context of so many tokens needs more than any machine has, whatever the file's size."""
    (workspace.root / "deploy").mkdir()
    settings = "MODEL_ID=/data/models/x\nMAX_INPUT_TOKENS=1\nMAX_TOTAL_TOKENS=99999999\n"
    (workspace.root / "deploy" / "tgi.env").write_text(settings)
    model = files.model(tmp_path / "m.gguf", layers=9000000, stored=1, context=99999999)
    put(hub, NAME, model.read_bytes())
    told = workspace.fails(1, "start", "--server", "llamacpp", "--model", NAME)
    assert "small.gguf needs" in told and "are free" in told
    assert not place(workspace).parent.exists()
