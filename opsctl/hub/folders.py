"""Folders that are put in place whole, by one process, for the container's user to read."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.files import private_folder
from core.lock import writer_lock

ALL_READ, ALL_ENTER = 0o444, 0o555


def make_readable(folder: Path) -> None:
    """Let every user read the folder: the container's may be another than ours."""
    for path in (folder.parent, folder, *folder.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(mode | (ALL_ENTER if path.is_dir() else ALL_READ))


def free_bytes(folder: Path) -> int:
    """What is free where a folder is, or will be once it is made."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return shutil.disk_usage(there).free


def put_in_place(new: Path, folder: Path) -> None:
    """Rename `new` to `folder`; what was there goes only when `new` is in its place."""
    old = folder.with_name(folder.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def one_at_a_time(state: Path) -> Iterator[None]:
    """Hold the lock of the downloads; raise Busy, naming the holder, when another has it."""
    private_folder(state)
    sentence = "another download is running: {holder}"
    with writer_lock(state / "download.lock", sentence, "wait for it to end"):
        yield
