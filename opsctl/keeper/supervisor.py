"""Keeps a program running where there is no systemd: its arguments are STATE and a command.

STATE is a file for those who ask: how often the program was started again, and its pid now, 0
between two runs. Imports nothing but the standard library: it must stay small.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

WAITS = (1, 2, 4, 8, 16, 32, 60)  # seconds before it is started again
SOUND_SECONDS = 60  # who lived so long starts again without a wait
STOP_SECONDS = 10  # the bot itself takes 8
USAGE = 2  # the exit code for settings that are wrong: another try does not help
PR_SET_PDEATHSIG = 1
WATCHED = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)


class Supervisor:
    """Runs the command, again and again, until it is told to end or the command ends by itself."""

    def __init__(self, state: Path, command: Sequence[str], pace: float = 1) -> None:
        """`pace` stretches the waits and the patience with a command that is to end."""
        self._state = state
        self._command = command
        self._pace = pace
        self._restarts = 0
        self._told_to_end = False
        self._news, writer = os.pipe()
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer)
        for number in WATCHED:
            signal.signal(number, lambda *_: None)

    def run(self) -> int:
        """Return the exit code of the last run."""
        failures = 0
        while True:
            began = time.monotonic()
            code = self._run_once()
            if self._told_to_end or code in (0, USAGE):
                return max(code, 0)
            failures = 0 if time.monotonic() - began > SOUND_SECONDS else failures
            wait = self._pace * WAITS[min(failures, len(WAITS) - 1)]
            _say(f"the bot ended ({_how(code)}) and is started again in {wait:g} s")
            self._sleep(wait)
            if self._told_to_end:
                _say("it is not started again: it was told to end")
                return 0
            failures += 1
            self._restarts += 1

    def _run_once(self) -> int:
        """Run the command to its end; a signal to end is passed on, and by force in the end."""
        child = subprocess.Popen(self._command, preexec_fn=_end_with_parent)
        self._write(child.pid)
        until: float | None = None
        while child.poll() is None:
            if self._told_to_end and until is None:
                child.terminate()
                until = time.monotonic() + self._pace * STOP_SECONDS
            if until is not None and time.monotonic() >= until:
                child.kill()
                child.wait()
                break
            self._listen(None if until is None else max(0.0, until - time.monotonic()))
        self._write(0)
        return child.wait()

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._told_to_end and (left := until - time.monotonic()) > 0:
            self._listen(left)

    def _listen(self, seconds: float | None) -> None:
        """Wait for a signal; the end of the command is one."""
        if select.select([self._news], [], [], seconds)[0]:
            heard = os.read(self._news, 256)
            self._told_to_end |= signal.SIGTERM in heard or signal.SIGINT in heard

    def _write(self, pid: int) -> None:
        draft = self._state.with_suffix(".tmp")
        with suppress(OSError):  # a full disk ends nothing
            draft.write_text(json.dumps({"restarts": self._restarts, "pid": pid}))
            draft.replace(self._state)


def _end_with_parent() -> None:
    """Let the command get SIGTERM when this process is killed: nothing runs unwatched (Linux)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


def _say(text: str) -> None:
    """Write a line as the bot's own log does."""
    with suppress(OSError):
        sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')},000 WARNING supervisor: {text}\n")
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(Supervisor(Path(sys.argv[1]), sys.argv[2:]).run())
