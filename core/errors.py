"""The errors a person can do something about.

UserError
├── UsageError         the request itself is wrong                 exit code 2
├── NotRunning         what is to be asked does not run            exit code 3
└── everything else    says what failed and which command helps    exit code 1
"""

import errno
from pathlib import Path

from core.files import access_hint


class UserError(Exception):
    """A failure told in one sentence, with the next step beside it."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(UserError):
    """The request is wrong: a bad value, an empty question."""

    exit_code = 2


class NotRunning(UserError):
    """What was to be asked or shown does not run."""

    exit_code = 3


class NoIndex(UserError):
    """There is nothing to search yet."""


class EmbedderMismatch(UserError):
    """The index was made with another embedder than the one asked for."""


class Busy(UserError):
    """Another process is writing the index."""


def not_writable(index: Path, error: OSError) -> UserError:
    """Say why the index folder cannot be written, and what helps."""
    reason = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
        hint = "free some space (df -h shows it), then: opsctl reindex"
        return UserError(f"no room to write the index in {index} ({reason})", hint)
    return UserError(f"the index in {index} cannot be written ({reason})", access_hint(index))
