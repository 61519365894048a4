"""Plain text of any size, in any of the encodings that Russian files come in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from indexer.readers import plain
from indexer.readers.letters.clean import clean
from indexer.readers.letters.encoding import blocks, detect
from indexer.readers.page import Page
from indexer.readers.pieces import PAGE_SIZE, split
from indexer.readers.sections import Sections


def read(path: Path) -> Iterator[Page]:
    """The sections under their headings; with page numbers where form feeds separate pages."""
    sections, before = Sections(), False
    for piece, number in _pieces(path):
        text = clean(piece).rstrip()
        if not text.strip():
            continue
        if number is not None:
            sections.turn_to(number)
        plain.write(text, sections, begins=not before)
        before = True
        yield from sections.take()
    yield from sections.take(last=True)


def _pieces(path: Path) -> Iterator[tuple[str, int | None]]:
    """Pieces of at most 64 K characters, each with its page."""
    encoding = detect(path)
    paged = _has_form_feed(path, encoding)
    with path.open(encoding=encoding, errors="replace") as file:
        number, text = 1, ""
        while block := file.read(PAGE_SIZE):
            *sheets, text = (text + block).split("\f")
            for sheet in sheets:
                yield from ((piece, number) for piece in split(sheet))
                number += 1
            *full, text = split(text)
            yield from ((piece, number if paged else None) for piece in full)
        yield text, number if paged else None


def _has_form_feed(path: Path, encoding: str) -> bool:
    if not any(b"\f" in block for block in blocks(path)):
        return False
    with path.open(encoding=encoding, errors="replace") as file:
        return any("\f" in text for text in iter(lambda: file.read(PAGE_SIZE), ""))
