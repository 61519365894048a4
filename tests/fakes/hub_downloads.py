"""A workspace that downloads from the fake Hub, and what tests look at afterwards."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.fakes.hub import FakeHub
from tests.workspace import Workspace

MODEL = "models/TheBloke--Mistral-7B-Instruct-v0.2-GPTQ"
ADAPTER = "adapters/ggeorge--qlora-mistral-hackatone-yandexq"
EMBEDDER = "models/cointegrated--LaBSE-en-ru"
WEIGHTS = "model.safetensors"


@contextmanager
def serving(workspace: Workspace) -> Iterator[FakeHub]:
    """A Hub with the three repositories, which the workspace's commands ask."""
    with FakeHub() as hub:
        hub.push_all()
        workspace.env["OPSCTL_HF_ENDPOINT"] = hub.url
        yield hub


def download(workspace: Workspace, *args: str) -> dict[str, Any]:
    """What a download that must succeed did, by name."""
    report = workspace.json("download", *args)
    return {line["name"]: line for line in report["downloads"]}


def start_and_hear(workspace: Workspace) -> "subprocess.Popen[str]":
    """A download of the model that has written some of it: it says so by its first line."""
    process = workspace.start("download", "model", fresh=True)
    assert process.stderr
    assert process.stderr.readline().startswith("model: ")
    return process


def files(folder: Path) -> dict[str, bytes]:
    """All files of a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def bodies(hub: FakeHub) -> list[str]:
    """The files whose content was asked for so far."""
    stored = [seen for seen in hub.seen if "/cdn/" in seen.path or "/resolve-cache/" in seen.path]
    return [seen.path.rpartition("/")[2] for seen in stored if seen.method == "GET"]


def ranges(hub: FakeHub) -> list[int]:
    """From which bytes on the weights were asked for."""
    stored = [seen for seen in hub.asked("/" + WEIGHTS) if "/cdn/" in seen.path]
    asked = [seen.range for seen in stored if seen.range]
    return [int(value.removeprefix("bytes=").rstrip("-")) for value in asked]
