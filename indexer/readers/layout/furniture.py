"""Running headers and footers: lines that stand at the edge of most pages."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Set

from indexer.readers.layout.lines import Line, lines_of
from indexer.readers.layout.piece import Piece
from indexer.readers.layout.tables import grid_at
from indexer.readers.plain import CHAPTER

LINES = 3  # of a page, from its top and from its bottom, that may be such
EDGE = 0.12  # of the height that the text of all pages takes
LEAST_LINES = 4  # of a page that tells them from its text
LEAST_PAGES = 3
LEAST_NUMBERED = 2  # pages of a document without others, where their numbers differ
SHARE = 0.4  # of the pages: those of left and of right pages may differ

# What says which page it is, digits aside.
_PAGE = re.compile(
    r"\b(?:page|p\.|стр(?:аница|\.)?|лист|с\.) ?#|^[-–—. ]*#[-–—. ]*$|# ?(?:of|из|/) ?#",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d+|\b[ivxlc]+\b", re.IGNORECASE)


class Furniture:
    """What the lines say, digits aside, that repeat at the edges of these pages."""

    def __init__(self, pages: list[list[Piece]]) -> None:
        bottom = min((piece.bottom for pieces in pages for piece in pieces), default=0.0)
        top = max((piece.top for pieces in pages for piece in pieces), default=0.0)
        self._low, self._high = bottom + EDGE * (top - bottom), top - EDGE * (top - bottom)
        counts, count, texts = Counter[str](), 0, set[str]()
        by_page = defaultdict[str, list[int]](list)
        for at, pieces in enumerate(pages):
            lines = lines_of(pieces)
            for said, number in _page_numbers(self._outermost(lines)):
                by_page[said].append(number - at)
            if len(lines) < LEAST_LINES:
                continue
            count += 1
            outermost = self._outermost(lines)
            ids = {*map(id, outermost)}
            inner = _said_in(line.text for line in lines if id(line) not in ids)
            counts.update({_said(line.text) for line in outermost} - inner)
            texts.update(line.text for line in outermost)
        numbered = Counter(map(_said, texts))
        least = max(LEAST_PAGES, SHARE * count)
        self._repeated = {
            said
            for said, times in counts.items()
            if times >= least or times == numbered[said] == count == LEAST_NUMBERED
        } | {
            said
            for said, firsts in by_page.items()
            if len(firsts) >= max(LEAST_NUMBERED, SHARE * len(pages)) and len({*firsts}) == 1
        }

    def parted(self, pieces: list[Piece]) -> tuple[list[Piece], list[Line]]:
        """The pieces without the running lines (the head of a table is none), and these."""
        if not self._repeated:
            return pieces, []
        lines = lines_of(pieces)
        found = [
            line
            for line in self._outermost(lines)
            if _said(line.text) in self._repeated and not grid_at(lines, lines.index(line))
        ]
        gone = {(piece.right, piece.bottom) for line in found for piece in line.pieces}
        rest = [piece for piece in pieces if (piece.right, piece.bottom) not in gone]
        return rest, found

    def _outermost(self, lines: list[Line]) -> list[Line]:
        """Those at the edges, unless they are all that there is."""
        if len(lines) < 2:
            return []
        upper = [line for line in lines[:LINES] if line.bottom > self._high]
        return upper + [line for line in lines[-LINES:] if line.bottom < self._low]


def _page_numbers(lines: Iterable[Line]) -> Iterator[tuple[str, int]]:
    """What lines say that name their page, short ones too, and the numbers."""
    for line in lines:
        number = re.search(r"\d+", line.text)
        if number and _PAGE.search(said := _said(line.text)):
            yield said, int(number[0])


def _said_in(texts: Iterable[str]) -> Set[str]:
    """What these lines say."""
    chapters, others = list[str](), list[str]()
    for text in texts:
        (chapters if CHAPTER.match(text) else others).append(text)
    return {*chapters, *_DIGITS.sub("#", "\n".join(others)).split("\n")}


def _said(text: str) -> str:
    """What a line says without the number of its page; that of a chapter counts."""
    return text if CHAPTER.match(text) else _DIGITS.sub("#", text)
