"""Runs other programs: the only place that does."""

import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.errors import UserError

# Seconds: a program that follows a log writes what is there without a pause.
PAUSE, BACKLOG = 0.3, 5.0


class TookTooLong(UserError):
    """A program that did not end in the time that it had."""


@dataclass(frozen=True)
class Ended:
    """A program that has ended, and what it said."""

    code: int
    stdout: str
    stderr: str


def is_installed(name: str) -> bool:
    """Tell whether a program is on the PATH."""
    return shutil.which(name) is not None


def run(
    argv: Sequence[str], env: Mapping[str, str] | None = None, seconds: float | None = 60
) -> Ended:
    """Run a program to its end; raise UserError when it cannot be started or takes too long."""
    try:
        done = subprocess.run(
            argv, env=env, capture_output=True, text=True, errors="replace", timeout=seconds
        )
    except FileNotFoundError as error:
        raise UserError(f"{argv[0]} is not installed", "opsctl doctor") from error
    except OSError as error:
        raise UserError(f"{argv[0]} cannot be run ({error.strerror})", "opsctl doctor") from error
    except subprocess.TimeoutExpired as error:
        command = " ".join(argv[:2])
        sentence = f"{command} did not end in {seconds:g} s"
        raise TookTooLong(sentence, "opsctl doctor") from error
    return Ended(done.returncode, done.stdout, done.stderr)


def lines_of(argv: Sequence[str], seconds: float = 60) -> list[str]:
    """The lines that a program writes on both outputs, in their order; none where it fails."""
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", timeout=seconds,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [] if done.returncode else done.stdout.splitlines()


def tail_command(path: Path, lines: int | None, *following: str) -> list[str]:
    """Print the last lines of a file, or all, and go on as tail's options in `following` say."""
    return ["tail", "-n", "+1" if lines is None else str(lines), *following, str(path)]


def show(argv: Sequence[str]) -> int:
    """Run a program whose own words and progress are for the person; return its exit code."""
    try:
        return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=sys.stderr).returncode
    except OSError as error:
        raise UserError(f"{argv[0]} cannot be run ({error.strerror})", "opsctl doctor") from error


@contextmanager
def interrupts_put_off() -> Iterator[None]:
    """Let a Ctrl-C wait until what stands inside is done; in the main thread only."""
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt


class Follower:
    """A program that goes on writing, such as `docker logs --follow`; ended on leaving."""

    def __init__(self, argv: Sequence[str]) -> None:
        """Start it; what it says on either output is gathered line by line."""
        self._process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace",
            start_new_session=True,  # Ctrl-C is for who reads it
        )  # fmt: skip
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> "Follower":
        return self

    def __exit__(self, *reason: object) -> None:
        self._process.terminate()
        self._reader.join()
        self._process.wait()

    def __iter__(self) -> Iterator[str]:
        """Yield lines as they come, until the program ends."""
        while (line := self._lines.get()) is not None:
            yield line
        self._lines.put(None)  # whoever asks again is told so, too

    def backlog(self) -> list[str]:
        """The lines that were there before: until it pauses, or has written for BACKLOG seconds."""
        found, deadline = [], time.monotonic() + BACKLOG
        wait: float | None = None
        while time.monotonic() < deadline:
            try:
                line = self._lines.get(timeout=wait)
            except queue.Empty:
                break
            if line is None:
                self._lines.put(None)
                break
            found.append(line)
            wait = PAUSE
        return found

    def new_lines(self) -> list[str]:
        """The lines that came since the last call, without waiting for any."""
        found = []
        while not self._lines.empty():
            if (line := self._lines.get()) is not None:
                found.append(line)
        return found

    def _read(self) -> None:
        with self._process.stdout as output:  # type: ignore[union-attr]
            for line in output:
                self._lines.put(line.rstrip("\n"))
        self._lines.put(None)
