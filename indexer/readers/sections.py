"""Blocks of text and the headings above them, gathered into pages."""

from __future__ import annotations

from indexer.readers.page import Page
from indexer.readers.text import PAGE_SIZE, split

SEPARATOR = " › "


class Sections:
    """Takes headings and blocks in document order; `take` hands out the pages that are complete.

    A heading with nothing under it is text itself.
    """

    def __init__(self) -> None:
        self._headings: list[tuple[int, str]] = []
        self._bare = False
        self._text: list[str] = []
        self._size = 0
        self._tight = False
        self._number: int | None = None
        self._ready: list[Page] = []

    def heading(self, level: int, text: str, *, seen: bool = True) -> None:
        """Begin a section, which ends those as deep and deeper; `seen`: as text of the document."""
        text = " ".join(text.split())
        if not text:
            return
        self._end(level)
        while self._headings and self._headings[-1][0] >= level:
            self._headings.pop()
        self._headings.append((level, text))
        self._bare = seen

    def add(self, block: str, *, tight: bool = False) -> None:
        """Add a paragraph; between tight ones, list items and table rows, stands no blank line."""
        if not block.strip():
            return
        if self._text:
            self._text.append("\n" if tight and self._tight else "\n\n")
        self._text.append(block)
        self._tight, self._bare = tight, False
        self._size += len(block)
        if self._size > PAGE_SIZE:
            self._flush()

    def turn_to(self, number: int) -> None:
        """What follows stands on this page."""
        if number != self._number:
            self._flush()
            self._number = number

    def take(self, *, last: bool = False) -> list[Page]:
        """The pages complete by now; with `last`, all."""
        if last:
            self._end(0)
        ready, self._ready = self._ready, []
        return ready

    def _end(self, level: int) -> None:
        self._flush()
        if self._bare and level <= self._headings[-1][0]:
            _, text = self._headings.pop()
            self._text = [text]
            self._flush()

    def _flush(self) -> None:
        path: list[str] = []
        for _, text in self._headings:
            if text not in path[-1:]:  # an h1 that repeats the title
                path.append(text)
        heading = SEPARATOR.join(path) or None
        for piece in split("".join(self._text)):
            if piece.strip():
                self._ready.append(Page(piece, self._number, heading))
        self._text, self._size, self._tight = [], 0, False
