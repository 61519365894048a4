"""The supervisor as a process, with small programs in the bot's place."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.opsctl.telegram import eventually

SLEEPER = "import time; time.sleep(600)"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); {SLEEPER}"


IN_A_HURRY = """
import sys, pathlib
from opsctl.keeper.supervisor import Supervisor
sys.exit(Supervisor(pathlib.Path(sys.argv[1]), sys.argv[2:], pace=0.05).run())
"""
# With --full, what is waited for is waited for in real time, too.
HURRY = pytest.mark.parametrize("hurry", [True, pytest.param(False, marks=pytest.mark.slow)])


@contextmanager
def supervisor(
    folder: Path, program: str, hurry: bool = False
) -> Iterator["subprocess.Popen[str]"]:
    """Supervise a Python program, whose output is the pipe."""
    how = ["-c", IN_A_HURRY] if hurry else ["-m", "opsctl.keeper.supervisor"]
    with subprocess.Popen(
        [sys.executable, *how, folder / "state.json", sys.executable, "-u", "-c", program],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        yield process
        process.kill()


def state(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "state.json").read_text())
    return found


def running(folder: Path, restarts: int = 0) -> psutil.Process:
    """The program after so many restarts, as soon as it is there."""

    def there() -> bool:
        path = folder / "state.json"
        return path.is_file() and state(folder)["restarts"] == restarts and state(folder)["pid"]

    eventually(there)
    return psutil.Process(state(folder)["pid"])


def test_a_killed_program_is_started_again(tmp_path: Path) -> None:
    with supervisor(tmp_path, SLEEPER) as process:
        first = running(tmp_path)
        first.kill()
        assert running(tmp_path, restarts=1).pid != first.pid
        process.terminate()
        assert process.wait() == 0
        assert process.stderr
        assert "SIGKILL) and is started again in 1 s" in process.stderr.read()


def test_the_log_of_one_that_is_told_to_end_between_two_runs_does_not_promise_a_start(
    tmp_path: Path,
) -> None:
    with supervisor(tmp_path, "raise SystemExit(1)") as process:
        assert process.stderr
        assert "is started again in 1 s" in process.stderr.readline()
        process.terminate()
        assert process.wait() == 0
        assert "it is not started again" in process.stderr.read().splitlines()[-1]


@HURRY
def test_failures_are_followed_by_longer_and_longer_waits(tmp_path: Path, hurry: bool) -> None:
    with supervisor(tmp_path, "raise SystemExit(1)", hurry) as process:
        assert process.stderr
        said = [process.stderr.readline().split()[-2] for _ in range(3)]
        process.terminate()
        assert process.wait() == 0
    assert said == (["0.05", "0.1", "0.2"] if hurry else ["1", "2", "4"])


def test_a_state_that_can_not_be_written_ends_nothing(tmp_path: Path) -> None:
    with supervisor(tmp_path / "missing", "print('runs')") as process:
        assert process.wait() == 0
        assert process.stdout
        assert process.stdout.read() == "runs\n"


def test_a_clean_end_and_wrong_settings_are_final(tmp_path: Path) -> None:
    for code in (0, 2):
        with supervisor(tmp_path, f"raise SystemExit({code})") as process:
            assert process.wait() == code
            assert state(tmp_path) == {"restarts": 0, "pid": 0}


def test_sigterm_lets_the_program_finish(tmp_path: Path) -> None:
    slow = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (time.sleep(1), print('parked'), sys.exit(0)))\n"
        "print('ready')\n" + SLEEPER
    )
    with supervisor(tmp_path, slow) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        assert process.stdout.read() == "parked\n"
        assert process.wait() == 0


@HURRY
def test_a_program_that_does_not_listen_is_ended_by_force(tmp_path: Path, hurry: bool) -> None:
    with supervisor(tmp_path, DEAF, hurry) as process:
        assert process.stdout
        assert process.stdout.readline() == "deaf\n"
        program = running(tmp_path)
        process.terminate()
        process.wait()
        assert not program.is_running()


def test_a_killed_supervisor_leaves_nothing_behind(tmp_path: Path) -> None:
    with supervisor(tmp_path, SLEEPER) as process:
        program = running(tmp_path)
        process.send_signal(signal.SIGKILL)
        process.wait()
        eventually(lambda: not program.is_running() or program.status() == psutil.STATUS_ZOMBIE)


def test_it_is_small(tmp_path: Path) -> None:
    with supervisor(tmp_path, SLEEPER) as process:
        running(tmp_path)
        assert psutil.Process(process.pid).memory_info().rss < 30_000_000
        process.terminate()
        process.wait()
