"""opsctl train plot: the picture and the table of a run, ended or at work."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from tests.workspace import Workspace, said

PLOT = ("train", "plot", "mine")
RUN = Path("training", "runs", "mine")
LOSSES = {1: 3.0, 2: 2.0, 3: 1.5, 4: 1.25}
HELD_OUT = {0: 3.5, 2: 1.75, 4: 2.25}


@pytest.fixture
def drawn(workspace: Workspace) -> Workspace:
    """A state folder with a run at work: the last line of its log is being written."""
    run = workspace.state / RUN
    run.mkdir(parents=True)
    (run / "settings.json").write_text(json.dumps({"model": "/models/tiny--mistral"}))
    (run / "log.jsonl").write_text(_log() + '{"step": 5, "lo')
    return workspace


def test_a_run_at_work_is_drawn(drawn: Workspace) -> None:
    done = drawn.run(*PLOT)
    assert done.returncode == 0, done
    picture = drawn.state / RUN / "loss.png"
    head, *rows, path = done.stdout.splitlines()
    assert head.split() == ["step", "loss", "eval", "loss"]
    assert [row.split() for row in rows] == [
        ["0", "3.5000"], ["2", "2.5000", "1.7500", "chosen"], ["4", "1.3750", "2.2500"],
    ]  # fmt: skip
    assert path == str(picture)
    assert _size(picture) == (800, 500)


def test_the_picture_follows_the_log(drawn: Workspace) -> None:
    picture = drawn.state / RUN / "loss.png"
    drawn.run(*PLOT)
    before = picture.read_bytes()
    drawn.run(*PLOT)
    assert picture.read_bytes() == before
    with picture.with_name("log.jsonl").open("a") as log:
        log.write('ss": 1.0}\n' + json.dumps({"step": 6, "eval_loss": 1.0}) + "\n")
    found: Any = json.loads(drawn.run(*PLOT, "--json").stdout)
    assert (found["chosen"], found["evaluations"][-1]) == (
        6, {"step": 6, "loss": 1.0, "eval_loss": 1.0},
    )  # fmt: skip
    assert picture.read_bytes() != before
    assert not list(picture.parent.glob("*.part"))


def test_what_can_not_be_drawn_is_told(drawn: Workspace) -> None:
    told = said(drawn.run("train", "plot", "other"))
    assert "there is no run other" in told and "mine" in told
    (drawn.state / RUN / "log.jsonl").unlink()
    assert "has not made a step" in said(drawn.run(*PLOT))
    assert "cannot be a run's name" in said(drawn.run("train", "plot", "../mine"))


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
