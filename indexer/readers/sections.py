"""Blocks of text and the headings above them, gathered into pages."""

from __future__ import annotations

from dataclasses import replace

from indexer.readers.letters.clean import clean
from indexer.readers.page import Block, Kind, Page, Table
from indexer.readers.pieces import PAGE_SIZE, split

SEPARATOR = " › "
TIGHT = frozenset(("item", "row", "field"))  # between two of a kind stands no blank line


def headings_of(path: str | None) -> list[str]:
    """The headings that a path is made of, outermost first."""
    return path.split(SEPARATOR) if path else []


def last_heading(path: str | None) -> str:
    """The innermost heading of a path, or nothing."""
    return headings_of(path)[-1] if path else ""


class Sections:
    """Takes headings and blocks in document order; `take` hands out the pages that are complete.

    A heading with nothing under it is text itself.
    """

    def __init__(self) -> None:
        self._headings: list[tuple[int, str]] = []
        self._bare = False
        self._text: list[str] = []
        self._blocks: list[Block] = []
        self._size = 0
        self._number: int | None = None
        self._ready: list[Page] = []

    def heading(self, level: int, text: str, *, seen: bool = True) -> None:
        """Begin a section, which ends those as deep and deeper; `seen`: as text of the document."""
        text = " ".join(clean(text).split())
        if not text:
            return
        self._end(level)
        while self._headings and self._headings[-1][0] >= level:
            self._headings.pop()
        self._headings.append((level, text))
        self._bare = seen

    def add(
        self, text: str, kind: Kind = "paragraph", *, level: int = 0, table: Table | None = None
    ) -> None:
        """Add a block; of a table, its header comes as a row of its own."""
        text = clean(text).strip("\n" if kind in ("row", "code") else None)
        if not text.strip(" |"):
            return
        if self._size + len(text) > PAGE_SIZE:
            self._flush()
        if self._blocks:
            before = self._blocks[-1]
            tight = kind in TIGHT and (before.kind, before.table) == (kind, table)
            self._text.append("\n" if tight else "\n\n")
            self._size += len(self._text[-1])
        self._blocks.append(Block(kind, self._size, self._size + len(text), level, table))
        self._text.append(text)
        self._size += len(text)
        self._bare = False

    def add_blocks(self, text: str, blocks: tuple[Block, ...]) -> None:
        """Add clean text that is in blocks already, as it stands."""
        if self._size + len(text) > PAGE_SIZE:
            self._flush()
        if self._blocks:
            self._text.append("\n\n")
            self._size += 2
        for block in blocks:
            start, stop = self._size + block.start, self._size + block.stop
            self._blocks.append(replace(block, start=start, stop=stop))
        self._text.append(text)
        self._size += len(text)
        self._bare = self._bare and not blocks

    def turn_to(self, number: int | None) -> None:
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
            depth, text = self._headings.pop()
            self.add(text, "heading", level=depth)
            self._flush()

    def _flush(self) -> None:
        path: list[str] = []
        for _, text in self._headings:
            if text not in path[-1:]:  # an h1 that repeats the title
                path.append(text)
        heading = SEPARATOR.join(path) or None
        text, blocks = "".join(self._text), self._blocks
        self._text, self._blocks, self._size = [], [], 0
        for piece, inside in _pieces(text, blocks):
            self._ready.append(Page(piece, self._number, heading, inside))


def _pieces(text: str, blocks: list[Block]) -> list[tuple[str, tuple[Block, ...]]]:
    """The text of one page, or of several where a single block is larger than a page."""
    if len(text) <= PAGE_SIZE:
        return [(text, tuple(blocks))] if blocks else []
    pieces, done = [], 0
    for piece in split(text):
        end = done + len(piece)
        inside = tuple(
            replace(block, start=max(block.start - done, 0), stop=min(block.stop, end) - done)
            for block in blocks
            if block.start < end and block.stop > done
        )
        if piece.strip():
            pieces.append((piece, inside))
        done = end
    return pieces
