"""Programs of ours in the background, known by pid and the time they began."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.files import SECRET, private_folder
from core.lock import last_holder
from core.settings import child_environment, project_root

if TYPE_CHECKING:
    import psutil

# The time at which a process began shifts with the system's clock.
CLOCK_SECONDS = 60
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Process:
    """A process: its pid, when it began (seconds since 1970), and a word of its command line."""

    pid: int
    began: float
    word: str


def start_detached(
    argv: Sequence[str], log: Path, word: str, env: Mapping[str, str | None] | None = None
) -> Process:
    """Start a program in the project's folder and a session of its own, so that it outlives this
    terminal; its output is appended to a file. `word` of its command line tells it again."""
    import psutil

    with log.open("a") as output:
        child = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            cwd=project_root(), env=child_environment(env or {}), start_new_session=True,
        )  # fmt: skip
    return Process(child.pid, psutil.Process(child.pid).create_time(), word)


def fresh_log(log: Path) -> None:
    """Begin a log, which only its owner may read; the one before is kept beside it."""
    private_folder(log.parent)
    if log.is_file():
        log.replace(log.with_suffix(".log.1"))
    log.touch(mode=SECRET)


def find(known: Process) -> "psutil.Process | None":
    """The process if it still runs; its pid may be another program's by now."""
    import psutil

    try:
        process = psutil.Process(known.pid)
        same = abs(process.create_time() - known.began) < CLOCK_SECONDS
        words = process.cmdline()  # none yet for a moment after its start
        ours = known.word in (words or [known.word])
        ours = ours and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None
    return process if same and ours else None


def kill_session(known: Process) -> None:
    """End by force what is left of the session that a program began: what it had started."""
    import psutil

    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, ProcessLookupError, PermissionError):
            if os.getsid(process.pid) == known.pid and process.create_time() >= known.began - 1:
                process.kill()


def stop(known: Process, seconds: float) -> bool:
    """End a process, by force when it takes longer; False when it was not running."""
    process = find(known)
    if process is None:
        return False
    end(process, seconds)
    return True


def end(process: "psutil.Process", seconds: float) -> None:
    """End a process that was found, by force when it takes longer."""
    import psutil

    try:
        process.terminate()
        if not _ends(process, seconds):
            process.kill()
            _ends(process, seconds)
    except psutil.NoSuchProcess:
        pass


def _ends(process: "psutil.Process", seconds: float) -> bool:
    """Wait for its end; whether its parent has asked for its exit code does not matter."""
    import psutil

    deadline = time.monotonic() + seconds
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def holder(lock: Path) -> "psutil.Process | None":
    """The process that holds a lock, if it can be seen from here: it has the file open."""
    import psutil

    pid = last_holder(lock)
    if not pid:
        return None
    try:
        process = psutil.Process(pid)
        paths = [file.path for file in process.open_files()]
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None
    return process if str(lock.resolve()) in paths else None
