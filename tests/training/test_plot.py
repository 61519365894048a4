"""opsctl train plot: the picture and the table of a run, ended or at work."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from tests.training.shell import Shell
from tests.workspace import said

PLOT = ("train", "plot", "mine")
LOSSES = {1: 3.0, 2: 2.0, 3: 1.5, 4: 1.25}
HELD_OUT = {0: 3.5, 2: 1.75, 4: 2.25}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder with a run at work: the last line of its log is being written."""
    run = tmp_path / "training" / "runs" / "mine"
    run.mkdir(parents=True)
    (run / "settings.json").write_text(json.dumps({"model": "/models/tiny--mistral"}))
    (run / "log.jsonl").write_text(_log() + '{"step": 5, "lo')
    return tmp_path


def test_a_run_at_work_is_drawn(state: Path, shell: Shell) -> None:
    done = shell.run(state, *PLOT)
    assert done.returncode == 0, done
    picture = state / "training" / "runs" / "mine" / "loss.png"
    head, *rows, path = done.stdout.splitlines()
    assert head.split() == ["step", "loss", "eval", "loss"]
    assert [row.split() for row in rows] == [
        ["0", "3.5000"], ["2", "2.5000", "1.7500", "chosen"], ["4", "1.3750", "2.2500"],
    ]  # fmt: skip
    assert path == str(picture)
    assert _size(picture) == (800, 500)


def test_the_picture_follows_the_log(state: Path, shell: Shell) -> None:
    picture = state / "training" / "runs" / "mine" / "loss.png"
    shell.run(state, *PLOT)
    before = picture.read_bytes()
    shell.run(state, *PLOT)
    assert picture.read_bytes() == before
    with picture.with_name("log.jsonl").open("a") as log:
        log.write('ss": 1.0}\n' + json.dumps({"step": 6, "eval_loss": 1.0}) + "\n")
    found: Any = json.loads(shell.run(state, *PLOT, "--json").stdout)
    assert (found["chosen"], found["evaluations"][-1]) == (
        6, {"step": 6, "loss": 1.0, "eval_loss": 1.0},
    )  # fmt: skip
    assert picture.read_bytes() != before
    assert not list(picture.parent.glob("*.part"))


def test_what_can_not_be_drawn_is_told(state: Path, shell: Shell) -> None:
    told = said(shell.run(state, "train", "plot", "other"))
    assert "there is no run other" in told and "mine" in told
    (state / "training" / "runs" / "mine" / "log.jsonl").unlink()
    assert "has not made a step" in said(shell.run(state, *PLOT))
    assert "can not be a run's name" in said(shell.run(state, "train", "plot", "../mine"))


def _log() -> str:
    events: list[dict[str, Any]] = []
    for step in range(5):
        if step in LOSSES:
            events.append({"step": step, "loss": LOSSES[step]})
        if step in HELD_OUT:
            events.append({"step": step, "eval_loss": HELD_OUT[step]})
    return "".join(json.dumps(event) + "\n" for event in events)


def _size(picture: Path) -> tuple[int, int]:
    """Width and height, from the header of a PNG file."""
    data = picture.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    return width, height
