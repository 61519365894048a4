"""Programs of others that readers start where they are installed: tesseract, LibreOffice."""

import os
import resource
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from indexer.readers.page import Unreadable

FILES = 1024  # open at once


@dataclass(frozen=True)
class Programs:
    """What one of them may take, and the folder in which their results are kept.

    `seconds` of a run, `memory` in MiB of address space. Readers are told by the environment.
    """

    seconds: int = 120
    memory: int = 4096
    cache: Path | None = None

    def environment(self) -> dict[str, str]:
        """The variables by which `told` knows them in a reader's process."""
        told = {"READER_SECONDS": str(self.seconds), "READER_MEMORY": str(self.memory)}
        return told | ({"READER_CACHE": str(self.cache)} if self.cache else {})


def told() -> Programs:
    """Those that the environment of a reader's process tells, or the usual ones."""
    usual, cache = Programs(), os.environ.get("READER_CACHE")
    return Programs(
        int(os.environ.get("READER_SECONDS", usual.seconds)),
        int(os.environ.get("READER_MEMORY", usual.memory)),
        Path(cache) if cache else None,
    )


def find(*names: str) -> str | None:
    """Where the first of these programs is that is installed."""
    return next(filter(None, map(shutil.which, names)), None)


def run(argv: Sequence[str], given: bytes = b"") -> bytes:
    """What a program writes to stdout for what it is given; Unreadable where it fails.

    It and what it has started end with its time. Its own words on stderr tell the reason.
    """
    allowed, name = told(), Path(argv[0]).name
    process = subprocess.Popen(
        argv, preexec_fn=lambda: _raise_limits(allowed),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        written, errors = process.communicate(given, allowed.seconds)
    except subprocess.TimeoutExpired:
        raise Unreadable(
            f"too slow: {name} did not end in {allowed.seconds} s (OPSCTL_PROGRAM_SECONDS)"
        ) from None
    finally:
        end(process)
    if process.returncode:
        said = " ".join(errors.decode(errors="replace").split())[-150:]
        raise Unreadable(
            f"{name} ended with code {process.returncode}: {said or 'no reason given'}"
        )
    return written


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process, if it still runs, with all that it has started."""
    import psutil

    if process.poll() is None:
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(process.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    child.kill()
        process.kill()
    process.communicate()


def _raise_limits(allowed: Programs) -> None:
    """A reader's own limits are lower; what a program needs is left to it as the hard ones."""
    for kind, most in (
        (resource.RLIMIT_AS, allowed.memory << 20),
        (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_CPU, allowed.seconds),
    ):
        hardest = resource.getrlimit(kind)[1]
        if hardest != resource.RLIM_INFINITY:
            most = min(most, hardest)
        resource.setrlimit(kind, (most, hardest))
