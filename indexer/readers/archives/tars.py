"""Tar archives, plain and compressed; single compressed files."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import IO, Any, Literal, cast

from indexer.readers.archives.names import decoded
from indexer.readers.members import MEMBER_MB, Members, inside
from indexer.readers.page import Page, Unreadable, is_damage, why

_COMPRESSED: Mapping[bytes, Callable[[Path], Any]] = {
    b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open,
}  # fmt: skip


def read(path: Path) -> Iterator[Page]:
    """The pages of its files; of a compressed file that is no tar, those of that file."""
    with inside(path) as members:
        archive = opened(path, "r|*")
        if archive is None:
            yield from _single(path, members)
        else:
            with archive:
                yield from files(archive, members)
        yield from members.told()


def opened(path: Path, mode: Literal["r:", "r|*"]) -> tarfile.TarFile | None:
    """A tar archive, None where a file is none."""
    try:
        return tarfile.open(path, mode, encoding="utf-8", errors="surrogateescape")
    except Exception as error:  # tarfile, zlib, lzma: each its own
        if not is_damage(error):
            raise
        return None


def files(archive: tarfile.TarFile, members: Members) -> Iterator[Page]:
    """The pages of the files of a tar, up to where it is damaged."""
    while entry := _next(archive, members):
        name = decoded([entry.name.encode("utf-8", "surrogateescape")])[0]
        if entry.isfile():
            if entry.size > MEMBER_MB * 1_000_000:  # and would be read to come to the next
                members.stop(f"{name} has more than {MEMBER_MB} MB")
            yield from members.read(name, partial(_open, archive, entry))
        elif not entry.isdir():
            members.leave(name, "a link or a device")
        if members.is_full:
            return
        cast(Any, archive).members.clear()  # or all would be kept, to be found again


def _next(archive: tarfile.TarFile, members: Members) -> tarfile.TarInfo | None:
    try:
        return archive.next()
    except Exception as error:
        if not is_damage(error):
            raise
        members.stop(f"damaged: {why(error)}")
        return None


def _open(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes]:
    opened = archive.extractfile(entry)
    assert opened is not None  # it is a file
    return opened


def _single(path: Path, members: Members) -> Iterator[Page]:
    with path.open("rb") as file:
        start = file.read(6)
    for magic, opener in _COMPRESSED.items():
        if start.startswith(magic):
            yield from members.read(path.stem, partial(opener, path))
            return
    raise Unreadable("damaged archive: no tar, and nothing compressed")
