"""Documents that are left out: the lines of .opsctlignore in the documents folder.

A line is a pattern as in .gitignore, without `!`: with a slash before its end it is a path from the
documents folder, else a name at any depth. A folder goes with all that is in it.
"""

from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

from indexer.errors import UserError
from indexer.rights import access_hint

FILE = ".opsctlignore"


def read_ignored(root: Path) -> Callable[[str], bool]:
    """Give a function that tells whether a path relative to `root` is left out."""
    path = root / FILE
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines() if path.is_file() else []
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({error})", access_hint(path)) from error
    patterns = [line.strip().rstrip("/") for line in lines]
    patterns = [pattern for pattern in patterns if pattern and not pattern.startswith("#")]
    return lambda name: any(_fits(pattern, name) for pattern in patterns)


def _fits(pattern: str, name: str) -> bool:
    if "/" in pattern:
        return fnmatchcase(name, pattern.lstrip("/"))
    return fnmatchcase(name.rpartition("/")[2], pattern)
