"""Archives that bsdtar unpacks where it is installed: 7z, rar."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from indexer.readers import programs, waiting
from indexer.readers.archives import tars
from indexer.readers.members import inside
from indexer.readers.page import Missing, Page, Unreadable

_STARTS = {".7z": b"7z\xbc\xaf\x27\x1c", ".rar": b"Rar!\x1a\x07"}


def read(path: Path) -> Iterator[Page]:
    """The pages of its files: bsdtar makes a tar of it."""
    with path.open("rb") as file:
        if not file.read(6).startswith(_STARTS[path.suffix.lower()]):
            raise Unreadable(f"damaged archive: not a {path.suffix.lower()[1:]} file")
    bsdtar = programs.find(waiting.UNPACKER)
    if bsdtar is None:
        suffix = path.suffix.lower()
        raise Missing(waiting.document(waiting.UNPACKER, suffix, waiting.UNPACKER_HOW))
    with inside(path) as members:
        made = members.folder / ".unpacked"
        _convert(bsdtar, path, made)
        if archive := tars.opened(made, "r:"):
            with archive:
                yield from tars.files(archive, members)
        yield from members.told()


def _convert(bsdtar: str, path: Path, made: Path) -> None:
    try:
        programs.run([bsdtar, "--format", "pax", "-cf", str(made), f"@{path.absolute()}"])
    except Unreadable as error:
        if any(word in str(error).lower() for word in ("encrypt", "passphrase")):
            raise Unreadable("encrypted: unpack it with its password") from error
        if str(error).endswith("(null)"):  # libarchive tells no reason
            what = "encrypted, one of several parts, or of an old kind"
            raise Unreadable(f"bsdtar cannot unpack it: {what}") from error
        raise
