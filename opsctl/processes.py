"""Programs of ours in the background, known by pid and the time they began."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.settings import child_environment

if TYPE_CHECKING:
    import psutil

# The time at which a process began shifts with the system's clock.
CLOCK_SECONDS = 60


@dataclass(frozen=True)
class Process:
    """A process: its pid, when it began (seconds since 1970), and a word of its command line."""

    pid: int
    began: float
    word: str


def start_detached(
    argv: Sequence[str], log: Path, env: Mapping[str, str | None] | None = None
) -> Process:
    """Start a program in a session of its own, so that it outlives this terminal; its output goes
    to a file, and the file of the run before is kept beside it."""
    import psutil

    log.parent.mkdir(parents=True, exist_ok=True)
    if log.is_file():
        log.replace(log.with_suffix(".log.1"))
    with log.open("w") as output:
        child = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            env=child_environment(env or {}), start_new_session=True,
        )  # fmt: skip
    return Process(child.pid, psutil.Process(child.pid).create_time(), argv[2])


def find(known: Process) -> "psutil.Process | None":
    """The process if it still runs; its pid may be another program's by now."""
    import psutil

    try:
        process = psutil.Process(known.pid)
        same = abs(process.create_time() - known.began) < CLOCK_SECONDS
        ours = known.word in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None
    return process if same and ours else None


def stop(known: Process, seconds: float) -> bool:
    """End a process, by force when it takes longer; False when it was not running."""
    import psutil

    process = find(known)
    if process is None:
        return False
    try:
        process.terminate()
        process.wait(seconds)
    except psutil.TimeoutExpired:
        process.kill()
        process.wait(seconds)
    except psutil.NoSuchProcess:
        pass
    return True
