"""The project that a command works on: a folder with a mark of its own, never one that is guessed.

Order: the nearest such folder above the current one; the checkout that this code is in; the folder
with the virtual environment that it is installed in.
"""

import re
import sys
from pathlib import Path

from core.errors import UsageError
from core.extras import CHECKOUT

MARK = ".opsctl"  # in a folder that `opsctl init` made; a checkout has its pyproject.toml
MARK_TEXT = "A project of opsctl: documents, settings and state. See: opsctl --help\n"
DEPLOY = CHECKOUT / "deploy"  # of this installation, a wheel too
_NAME = re.compile(rb'^name = "opsctl"\r?$', re.MULTILINE)


def is_checkout(folder: Path) -> bool:
    """Tell a checkout of opsctl."""
    try:
        named = _NAME.search((folder / "pyproject.toml").read_bytes()) is not None
    except OSError:
        return False
    return named and (folder / "opsctl" / "__main__.py").is_file()


def is_project(folder: Path) -> bool:
    """Tell a folder that is ours: a checkout, or one made by `opsctl init`."""
    return (folder / MARK).is_file() or is_checkout(folder)


def above(start: Path) -> Path | None:
    """The nearest project: `start` or a folder above it."""
    return next((folder for folder in (start, *start.parents) if is_project(folder)), None)


def find(start: Path) -> Path | None:
    """The project that a command works on which was called in `start`."""
    installed = (CHECKOUT, Path(sys.prefix).parent)
    return above(start) or next(filter(is_project, installed), None)


def missing(start: Path) -> UsageError:
    """Say that there is no project, and both ways to have one."""
    return UsageError(
        f"there is no project here (looked in {start} and above)",
        "opsctl -C DIR … names the project's folder; opsctl init DIR makes one",
    )
