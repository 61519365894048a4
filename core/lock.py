"""One writer at a time: a lock file that says who holds it and goes with the process."""

import fcntl
import getpass
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import Busy

WRITING = "the index is being written by {holder}"
WAIT = "wait for it to end; opsctl ask works meanwhile"


@contextmanager
def writer_lock(path: Path, sentence: str = WRITING, hint: str = WAIT) -> Iterator[None]:
    """Hold the lock; raise Busy, with `{holder}` in the sentence, when another process has it."""
    with path.open("r+b" if path.exists() else "x+b") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(sentence.format(holder=_holder(path)), hint) from None
        since = time.strftime("%Y-%m-%d %H:%M:%S")
        holder = f"process {os.getpid()} of {_user()} since {since}".encode()
        # In place, then shortened: a full disk has room for that, and takes no new block.
        os.pwrite(stream.fileno(), holder, 0)
        stream.truncate(len(holder))
        yield


def is_held(path: Path) -> bool:
    """Tell whether somebody is writing now."""
    try:
        with path.open("a+") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def last_holder(path: Path) -> int:
    """The pid of the process that had the lock last; 0 for none."""
    try:
        found = re.match(r"process (\d+) ", path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return 0
    return int(found[1]) if found else 0


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"user {os.getuid()}"


def _holder(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip() or "another process"
