"""Prepared rows: a folder that appears whole, in the place of an earlier one only."""

import errno
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import UserError
from core.files import private_folder
from core.lock import writer_lock
from core.text import counted, printable
from opsctl.hub.folders import put_in_place
from opsctl.terminal import output

if TYPE_CHECKING:
    from training.data.rules import Options

ANOTHER = "the same folder is being prepared: {holder}"
NO_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)


def check_target(folder: Path) -> None:
    """Raise UserError where there is a folder that `opsctl train prepare` did not make."""
    from training.data.report import REPORT

    shown = printable(str(folder))
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / REPORT).is_file():
        raise UserError(
            f"{shown} exists, and opsctl train prepare did not make it", "--out ANOTHER"
        )


def write_rows(
    source: Path, origin: dict[str, str], folder: Path, options: "Options"
) -> dict[str, Any]:
    """Make the folder beside its place, and put it there when it is whole."""
    from training.data.prepare import find_source, prepare
    from training.data.rows import COLUMNS

    wanted = COLUMNS if options.min_description else ("question", "answer")
    found = find_source(source, wanted, origin)
    new = folder.with_name(folder.name + ".part")
    lock = folder.with_name(f".{folder.name}.lock")
    with _room(folder.parent), writer_lock(lock, ANOTHER, "wait for it to end"), _whole(new):
        started = time.monotonic()
        with output.progress_bar("preparing", output.size) as advance:
            report = prepare(found, new, options, advance)
        seconds = max(time.monotonic() - started, 1e-3)
        put_in_place(new, folder)
    output.note(
        f"{counted(report['rows'], 'row')} in {seconds:.1f} s ({report['rows'] / seconds:.0f}/s)"
    )
    return report


@contextmanager
def _room(parent: Path) -> Iterator[None]:
    """Make the folder to write in; tell a full disk in words."""
    try:
        private_folder(parent)
        yield
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise UserError(
            f"no room for the rows in {printable(str(parent))} ({error.strerror})",
            "free some space (df -h shows it), or name another folder: --out DIR",
        ) from error


@contextmanager
def _whole(new: Path) -> Iterator[None]:
    """An empty folder that is gone when the block fails."""
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    try:
        yield
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
