"""What opsctl runs on: Python, SQLite, the state folder and its disk."""

import sqlite3
import sys

from core.files import access_hint, private_folder
from core.settings import Settings
from opsctl.hub.folders import free_bytes
from opsctl.terminal.check import Check

FREE_BYTES = 1 << 30


def python() -> Check:
    """Whether this Python is one that opsctl runs on."""
    version = ".".join(map(str, sys.version_info[:3]))
    if (3, 11) <= sys.version_info < (3, 15):
        return Check("python", "ok", version)
    return Check(
        "python", "failed", f"{version}, not 3.11 to 3.14", "make install PYTHON=python3.11"
    )


def sqlite() -> Check:
    """Whether SQLite can do what the index asks of it."""
    try:
        sqlite3.connect(":memory:").execute("SELECT value FROM json_each('[1]')")
    except sqlite3.OperationalError:
        fix = "use a Python whose SQLite has JSON (Debian's and python.org's have)"
        return Check("sqlite", "failed", f"{sqlite3.sqlite_version} without JSON", fix)
    return Check("sqlite", "ok", f"{sqlite3.sqlite_version} with JSON")


def state(config: Settings) -> Check:
    """Whether the state folder can be written."""
    try:
        private_folder(config.state)
        probe = config.state / ".doctor"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        return Check(
            "state", "failed", f"{config.state} cannot be written ({error.strerror})",
            access_hint(config.state),
        )  # fmt: skip
    return Check("state", "ok", f"{config.state} can be written")


def disk(config: Settings) -> Check:
    """Whether there is room for what the state folder will hold."""
    free = free_bytes(config.state)
    detail = f"{free / (1 << 30):.1f} GiB free for {config.state}"
    if free < FREE_BYTES:
        return Check("disk", "failed", detail, "free some space, or move it: OPSCTL_STATE=DIR")
    return Check("disk", "ok", detail)
