"""Ctrl-C before a command has begun: silence, and the exit code of an interrupt."""

import signal
from pathlib import Path

import pytest

from tests.workspace import Workspace

INTERRUPTED = """
import os, time
os.kill(os.getpid(), 2)
time.sleep(20)
"""


# The first that is loaded, one of the command line, and one of a command.
@pytest.mark.parametrize("module", ["signal", "typer", "sqlite3"])
def test_ctrl_c_while_modules_are_loaded_is_silent(workspace: Workspace, module: str) -> None:
    folder = workspace.root / "slow"
    folder.mkdir()
    (folder / f"{module}.py").write_text(INTERRUPTED)
    root = Path(__file__).resolve().parents[2]
    workspace.env["PYTHONPATH"] = f"{folder}:{root}"
    done = workspace.run("doctor")
    assert done.returncode in (130, -signal.SIGINT), done  # which a shell shows as 130
    assert (done.stdout, done.stderr) == ("", "")


def test_a_program_that_is_to_ignore_ctrl_c_does(workspace: Workspace) -> None:
    """As behind nohup, or in the background of a script."""
    folder = workspace.root / "slow"
    folder.mkdir()
    (folder / "typer.py").write_text(INTERRUPTED.replace("20", "0") + "raise SystemExit(7)")
    root = Path(__file__).resolve().parents[2]
    workspace.env["PYTHONPATH"] = f"{folder}:{root}"
    workspace.options["preexec_fn"] = _ignore
    assert workspace.run("status").returncode == 7


def _ignore() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
