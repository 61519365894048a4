"""The checkpoints of a run: which are whole, where to go on, which is the best."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

MARK = "complete.json"  # written last: the size of each other file
STATE = "trainer_state.json"


def step_of(folder: Path) -> int:
    """The step that a checkpoint was saved after."""
    return int(folder.name.rpartition("-")[2])


def mark_complete(folder: Path) -> None:
    """Say that a checkpoint is whole, once all of it is on the disk."""
    sizes = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
            sizes[path.relative_to(folder).as_posix()] = path.stat().st_size
    part = folder / f"{MARK}.part"
    part.write_text(json.dumps(sizes, indent=2))
    part.replace(folder / MARK)


def is_complete(folder: Path) -> bool:
    """Whether all files are there in the sizes that they were saved with."""
    try:
        sizes = json.loads((folder / MARK).read_text())
    except (OSError, ValueError):
        return False
    return STATE in sizes and all(
        (folder / name).is_file() and (folder / name).stat().st_size == size
        for name, size in sizes.items()
    )


def newest(folder: Path) -> Path | None:
    """The newest complete checkpoint."""
    return max(filter(is_complete, folder.glob("checkpoint-*")), key=step_of, default=None)


def remove_incomplete(folder: Path) -> None:
    """Remove what a kill or a full disk left of checkpoints."""
    for path in folder.glob("checkpoint-*"):
        if not is_complete(path):
            shutil.rmtree(path)


def read_state(checkpoint: Path) -> dict[str, Any]:
    """The trainer's state: global_step, log_history, best_global_step and more."""
    state: dict[str, Any] = json.loads((checkpoint / STATE).read_text())
    return state


def evaluations(history: list[dict[str, Any]]) -> list[tuple[int, float]]:
    """Steps with their losses on the held-out answers, from the trainer's history."""
    return [(event["step"], event["eval_loss"]) for event in history if "eval_loss" in event]


def without_gain(history: list[dict[str, Any]]) -> int:
    """How many evaluations there were since the best one."""
    losses = [loss for _, loss in evaluations(history)]
    return len(losses) - 1 - losses.index(min(losses)) if losses else 0


def is_over(state: dict[str, Any], steps: int, patience: int) -> bool:
    """Whether the run has done its last step, or stopped early."""
    stopped = 0 < patience <= without_gain(state["log_history"])
    return stopped or state["global_step"] >= steps
