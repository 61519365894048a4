"""Letters that Outlook saves: properties in an OLE file (MS-OXMSG)."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from indexer.readers.letters.encoding import guess
from indexer.readers.mail.letter import Letter, write
from indexer.readers.members import inside
from indexer.readers.page import Page, Unreadable

MOST_MB = 64  # of one property

_SUBJECT, _BODY, _HTML = 0x0037, 0x1000, 0x1013
_SENDER, _ADDRESSES, _TO, _CC = 0x0C1A, (0x5D01, 0x0C1F), 0x0E04, 0x0E03
_SENT, _RECEIVED = 0x0039, 0x0E06
_NAMES, _DATA = (0x3707, 0x3704, 0x3001), 0x3701
_CODE_PAGES = (0x3FDE, 0x3FFD)
_UNICODE, _BYTES, _BINARY, _LONG, _TIME = 0x001F, 0x001E, 0x0102, 0x0003, 0x0040
_OTHER_NAMES = {65001: "utf-8", 20866: "koi8-r", 28591: "latin-1", 28595: "iso8859-5"}
_FIRST_DAY = datetime(1601, 1, 1, tzinfo=UTC)
_ENTRY = struct.Struct("<HHI8s")


def read(path: Path) -> Iterator[Page]:
    """The pages of one letter and of its attachments."""
    import olefile

    with inside(path) as members:
        if not olefile.isOleFile(path):
            raise Unreadable("damaged: no letter of Outlook")
        with olefile.OleFileIO(path) as ole:
            for letter in _letters(ole, ""):
                yield from write(letter, members)
        yield from members.told()


def _letters(ole: Any, place: str) -> Iterator[Letter]:
    """The letter at a place, then those that are attached to it."""
    stored = _Stored(ole, place, 32 if not place else 24)
    sender, address = stored.text(_SENDER), stored.first(_ADDRESSES)
    letter = Letter(
        stored.text(_SUBJECT),
        f"{sender} <{address}>" if "@" in address and address != sender else sender,
        stored.text(_TO), stored.text(_CC), stored.time(_SENT) or stored.time(_RECEIVED),
        stored.text(_BODY), stored.text(_HTML),
    )  # fmt: skip
    letters = []
    for inner in _attached(ole, place):
        embedded = f"{inner}/__substg1.0_{_DATA:04X}000D"
        if ole.exists(f"{embedded}/__properties_version1.0"):
            letters.append(embedded)
        else:
            part = _Stored(ole, inner, 8)
            letter.attachments.append((part.first(_NAMES) or "attachment", part.opened))
    yield letter
    for embedded in letters:
        yield from _letters(ole, embedded)


def _attached(ole: Any, place: str) -> list[str]:
    """The places of what is attached to the letter at a place."""
    depth = len(place.split("/")) if place else 0
    found = {
        "/".join(entry[: depth + 1])
        for entry in ole.listdir(streams=False, storages=True)
        if entry[:depth] == place.split("/")[:depth] and entry[depth:][:1]
        and entry[depth].startswith("__attach")
    }  # fmt: skip
    return sorted(found)


class _Stored:
    """The properties of a letter or of an attachment."""

    def __init__(self, ole: Any, place: str, header: int) -> None:
        self._ole = ole
        self._place = f"{place}/" if place else ""
        self._fixed: dict[tuple[int, int], bytes] = {}
        data = self._stream("__properties_version1.0")[header:]
        for kind, name, _, value in _ENTRY.iter_unpack(data[: len(data) // 16 * 16]):
            self._fixed[name, kind] = value

    def text(self, name: int) -> str:
        """The text of a property, "" where there is none."""
        if data := self._stream(f"__substg1.0_{name:04X}{_UNICODE:04X}"):
            return data.decode("utf-16-le", "replace")
        data = self._stream(f"__substg1.0_{name:04X}{_BYTES:04X}") or self.data(name)
        return self._decoded(data)

    def first(self, names: tuple[int, ...]) -> str:
        return next(filter(None, map(self.text, names)), "")

    def data(self, name: int) -> bytes:
        return self._stream(f"__substg1.0_{name:04X}{_BINARY:04X}")

    def opened(self) -> IO[bytes]:
        return io.BytesIO(self.data(_DATA))

    def time(self, name: int) -> datetime | None:
        ticks = int.from_bytes(self._fixed.get((name, _TIME), b""), "little")
        try:
            return _FIRST_DAY + timedelta(microseconds=ticks // 10) if ticks else None
        except OverflowError:
            return None

    def _decoded(self, data: bytes) -> str:
        for name in _CODE_PAGES:
            number = int.from_bytes(self._fixed.get((name, _LONG), b"")[:4], "little")
            try:
                return data.decode(_OTHER_NAMES.get(number, f"cp{number}"))
            except (LookupError, UnicodeError):
                continue
        return data.decode(guess(data), "replace")

    def _stream(self, name: str) -> bytes:
        place = f"{self._place}{name}"
        if not self._ole.exists(place) or self._ole.get_type(place) != 2:
            return b""
        if self._ole.get_size(place) > MOST_MB * 1_000_000:
            raise Unreadable(f"too large: a part of more than {MOST_MB} MB")
        return bytes(self._ole.openstream(place).read())
