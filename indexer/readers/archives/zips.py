"""Zip archives."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO

from indexer.readers.archives.names import decoded
from indexer.readers.members import inside
from indexer.readers.page import Page, Unreadable, is_damage, why

UTF8, ENCRYPTED = 1 << 11, 1


def read(path: Path) -> Iterator[Page]:
    """The pages of its files, one file after another."""
    with inside(path) as members, _opened(path) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        for info, name in zip(infos, _names(infos), strict=True):
            yield from members.read(name, partial(_open, archive, info))
            if members.is_full:
                break
        yield from members.told()


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except Exception as error:
        if not is_damage(error):
            raise
        raise Unreadable(f"damaged archive: {why(error)}") from error


def _open(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> IO[bytes]:
    if info.flag_bits & ENCRYPTED:
        raise Unreadable("encrypted: unpack it with its password")
    return archive.open(info)


def _names(infos: list[zipfile.ZipInfo]) -> list[str]:
    """As people wrote them: Python takes for cp437 what is not flagged as UTF-8."""
    raw = [
        info.orig_filename.encode("utf-8" if info.flag_bits & UTF8 else "cp437", "replace")
        for info in infos
    ]
    return decoded(raw)
