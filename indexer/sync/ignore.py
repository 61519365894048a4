"""Documents that are left out: .opsctlignore in the documents folder, in the form of .gitignore."""

from collections.abc import Callable
from pathlib import Path

from core.errors import UserError
from core.files import access_hint

FILE = ".opsctlignore"


def read_ignored(root: Path) -> Callable[[str], bool]:
    """Give a function that tells whether a path relative to `root` is left out.

    The path of a folder ends with a slash; what is in a folder that is left out goes with it.
    """
    path = root / FILE
    try:
        if not path.is_file():
            return lambda name: False
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({error})", access_hint(path)) from error

    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(lines).match_file
    except ValueError as error:
        raise UserError(f"{path}: {error}", f"edit {path}") from error
