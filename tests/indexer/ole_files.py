"""Compound files of OLE made on the spot: letters as Outlook saves them."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

SECTOR, SMALL, LARGE = 512, 64, 4096
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
Folder = Mapping[str, Any]  # names: bytes of a stream, or another folder


class _File:
    def __init__(self) -> None:
        self.sectors: list[bytes] = []
        self.chain: list[int] = []
        self.small = bytearray()
        self.small_chain: list[int] = []
        self.entries: list[list[Any]] = []  # name, kind, right, child, start, size

    def folder(self, name: str, kind: int, content: Folder) -> int:
        at = len(self.entries)
        self.entries.append([name, kind, FREE, FREE, 0, 0])
        before = None
        for inner, value in content.items():
            if isinstance(value, bytes):
                made = len(self.entries)
                self.entries.append([inner, 2, FREE, FREE, *self.stream(value)])
            else:
                made = self.folder(inner, 1, value)
            self.entries[at if before is None else before][3 if before is None else 2] = made
            before = made
        return at

    def stream(self, data: bytes) -> tuple[int, int]:
        """Where a stream begins, and its size."""
        if len(data) >= LARGE:
            return self.large(data), len(data)
        start, count = len(self.small_chain), -(-len(data) // SMALL)
        self.small += data.ljust(count * SMALL, b"\0")
        self.small_chain += [*range(start + 1, start + count), END][:count]
        return (start if count else END), len(data)

    def large(self, data: bytes) -> int:
        start, count = len(self.sectors), -(-len(data) // SECTOR)
        padded = data.ljust(count * SECTOR, b"\0")
        self.sectors += [padded[at : at + SECTOR] for at in range(0, len(padded), SECTOR)]
        self.chain += [*range(start + 1, start + count), END][:count]
        return start if count else END


def compound(content: Folder) -> bytes:
    """A compound file of these streams and folders."""
    file = _File()
    file.folder("Root Entry", 5, content)
    file.entries[0][4:] = [file.large(bytes(file.small)), len(file.small)]
    small_fat = struct.pack(f"<{len(file.small_chain)}I", *file.small_chain)
    small_start = file.large(small_fat.ljust(-(-len(small_fat) // SECTOR) * SECTOR, b"\xff"))
    directory = file.large(b"".join(map(_entry, file.entries)))
    fats = -(-(len(file.sectors) + 8) // 128)
    table = [*file.chain, *[FAT] * fats]
    table += [FREE] * (fats * 128 - len(table))
    header = struct.pack(
        "<8s16sHHHHH6sIIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", bytes(16), 0x3E, 3, 0xFFFE,
        9, 6, bytes(6), 0, fats, directory, 0, LARGE, small_start, len(small_fat) // SECTOR + 1,
        END, 0, len(file.sectors),
    )  # fmt: skip
    more = [len(file.sectors) + number if number < fats else FREE for number in range(1, 109)]
    return b"".join([
        header, struct.pack("<108I", *more), *file.sectors, struct.pack(f"<{fats * 128}I", *table),
    ])  # fmt: skip


def _entry(entry: list[Any]) -> bytes:
    name, kind, right, child, start, size = entry
    encoded = f"{name}\0".encode("utf-16-le")
    return struct.pack(
        "<64sHBBIII16sIQQIQ", encoded, len(encoded), kind, 1, FREE, right, child, bytes(16), 0,
        0, 0, start, size,
    )  # fmt: skip


def outlook(
    texts: Mapping[int, str | bytes], sent: datetime | None = None, **attached: Any
) -> dict[str, Any]:
    """The content of a letter: texts by the numbers of their properties, and attachments."""
    fixed = b""
    if sent:
        ticks = (sent - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds() * 10**7
        fixed = struct.pack("<HHIQ", 0x40, 0x39, 6, int(ticks))
    streams = {
        f"__substg1.0_{name:04X}{'001F' if isinstance(text, str) else '0102'}": (
            text.encode("utf-16-le") if isinstance(text, str) else text
        )
        for name, text in texts.items()
    }
    return {**streams, "__properties_version1.0": bytes(32) + fixed, **attached}
