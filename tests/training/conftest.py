"""A tiny base that can be taught to stop, prepared rows, a run that has ended: made once."""

import fcntl
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.forked import ROOT, Forked
from tests.training.running import RUN, Lab
from tests.training.synthetic_rows import write_lines
from tests.workspace import Workspace

ROWS = 500
MAKE = "tests.training.synthetic"


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with model, model-gptq and model-dequantised, shared by the test processes."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    folder = root / "tiny-base"
    with (root / "tiny-base.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            part = root / "tiny-base.part"
            made = Forked((str(part),), torch=True, module=MAKE, cwd=ROOT, env=dict(os.environ))
            assert made.wait() == 0
            part.rename(folder)
    return folder


@pytest.fixture(scope="session")
def prepared(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A place for runs, with the rows that `prepare` made of 500, and nothing run yet."""
    from tests.training.synthetic import make_steady_rows

    place = Workspace(tmp_path_factory.mktemp("prepared"), {"OMP_NUM_THREADS": "1"})
    rows = write_lines(place.root / "rows.jsonl", make_steady_rows(ROWS, 1))
    report = place.json("train", "prepare", str(rows))
    assert sum(rule["removed"] for rule in report["rules"]) == 0, report
    return Lab(place, tiny_base)


@pytest.fixture(scope="session")
def ended(prepared: Lab) -> Lab:
    """The same place after a run that nothing disturbed."""
    done = prepared.workspace.run(*prepared.command(*RUN))
    assert done.returncode == 0, done
    return replace(prepared, told=done)


@pytest.fixture
def copied(ended: Lab, tmp_path: Path) -> Lab:
    """The state after the run that ended, in another folder."""
    copy = replace(ended, workspace=Workspace(tmp_path, dict(ended.workspace.env)))
    shutil.copytree(ended.workspace.state, copy.workspace.state)
    return copy


@pytest.fixture
def fresh(prepared: Lab, tmp_path: Path) -> Lab:
    """Prepared rows in another folder, and no run."""
    lab = Lab(Workspace(tmp_path, dict(prepared.workspace.env)), prepared.base)
    shutil.copytree(prepared.data, lab.data)
    return lab
