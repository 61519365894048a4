"""The bot's log, one file for all its runs: where a run begins, and how the file stays short."""

import logging
import os
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path

from core.files import SECRET, private_folder

LOG_BYTES = 10_000_000
STARTED = " INFO opsctl: the bot is started, "


def mark_start(log: Path) -> None:
    """Begin a run with a line of its own; only its owner may read the file."""
    private_folder(log.parent)
    log.touch(mode=SECRET)
    log.chmod(SECRET)
    with log.open("a", encoding="utf-8") as stream:
        stream.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')},000{STARTED}{time.strftime('%F')}\n")


def said_since_start(log: Path) -> str:
    """What was written since the last start, also where the file has become too long meanwhile."""
    text = _read(log)
    if STARTED not in text:
        text = _read(_before(log)) + text
    return text.rpartition(STARTED)[2]


class Rotation(logging.Handler):
    """Writes nothing: empties the log that standard error goes to when it is long.

    The file is open in append mode, by systemd or the supervisor, and what follows is written to
    its new beginning. What was in it is kept beside it.
    """

    def __init__(self, path: Path, most: int = LOG_BYTES) -> None:
        super().__init__()
        self._path = path
        self._most = most

    def emit(self, record: logging.LogRecord) -> None:
        try:
            stream = sys.stderr.fileno()
            if os.fstat(stream).st_size <= self._most or not self._path.exists():
                return
            if self._path.samefile(f"/dev/fd/{stream}"):
                shutil.copy(self._path, _before(self._path))
                os.truncate(self._path, 0)
        except OSError:
            self.handleError(record)


def _before(log: Path) -> Path:
    return log.with_suffix(".log.1")


def _read(log: Path) -> str:
    with suppress(FileNotFoundError):
        return log.read_text(encoding="utf-8", errors="replace")
    return ""
