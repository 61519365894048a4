"""Files that are written whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

READABLE, SECRET = 0o666, 0o600  # by whom the umask lets, and by the owner alone


@contextmanager
def whole_file(path: Path, mode: int = READABLE) -> Iterator[Path]:
    """Give an empty draft beside `path`, which takes its place at the end of the block.

    A kill leaves the old file or the new one; when the block fails, the draft is gone.
    """
    draft = path.with_name(path.name + ".part")
    try:
        draft.unlink(missing_ok=True)
        draft.touch(mode=mode)
    except OSError as error:  # named as a person knows it
        raise OSError(error.errno, error.strerror, str(path)) from error
    try:
        yield draft
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    draft.replace(path)


def write_whole(path: Path, text: str) -> None:
    """Write a text, in UTF-8."""
    with whole_file(path) as draft:
        draft.write_text(text, encoding="utf-8")
