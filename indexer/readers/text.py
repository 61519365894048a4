"""Plain text of any size, in any of the encodings that Russian files come in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from indexer.readers.encoding import blocks, detect
from indexer.readers.page import Page

PAGE_SIZE = 1 << 16  # characters


def read(path: Path) -> Iterator[Page]:
    """Pieces of at most 64 K characters; with page numbers where form feeds separate pages."""
    encoding = detect(path)
    paged = _has_form_feed(path, encoding)
    with path.open(encoding=encoding, errors="replace") as file:
        number, text = 1, ""
        while block := file.read(PAGE_SIZE):
            *sheets, text = (text + block).split("\f")
            for sheet in sheets:
                yield from _pages(split(sheet), number)
                number += 1
            *full, text = split(text)
            yield from _pages(full, number if paged else None)
        yield from _pages([text], number if paged else None)


def _has_form_feed(path: Path, encoding: str) -> bool:
    if not any(b"\f" in block for block in blocks(path)):
        return False
    with path.open(encoding=encoding, errors="replace") as file:
        return any("\f" in text for text in iter(lambda: file.read(PAGE_SIZE), ""))


def split(text: str) -> list[str]:
    """Pieces of at most PAGE_SIZE, cut after a blank line, or else a line end, or else a space."""
    pieces = []
    start = 0
    while len(text) - start > PAGE_SIZE:
        end = _border(text, start)
        pieces.append(text[start:end])
        start = end
    return [*pieces, text[start:]]


def _border(text: str, start: int) -> int:
    half, limit = start + PAGE_SIZE // 2, start + PAGE_SIZE
    for border in ("\n\n", "\n", " ", "\t"):
        at = text.rfind(border, half, limit)
        if at >= 0:
            return at + len(border)
    return limit


def _pages(pieces: list[str], number: int | None) -> Iterator[Page]:
    for piece in pieces:
        if piece.strip():
            yield Page(piece, number)
