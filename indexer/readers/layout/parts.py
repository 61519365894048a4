"""The columns of a page in parts: headings, text that goes through blank lines, rows, fields."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from indexer.readers.contents import has_leaders
from indexer.readers.layout.join import Measure, paragraphs, words_of
from indexer.readers.layout.lines import Column, Line, columns, lines_of
from indexer.readers.layout.piece import Piece
from indexer.readers.layout.ruled import Ruled
from indexer.readers.layout.tables import grid_at
from indexer.readers.page import Kind, Table, row

LARGER = 1.12  # than the text of most lines: the size of a heading
SAME_SIZE = 0.07  # the share by which sizes of one font differ
LOOSE = 1.25  # times the usual distance of lines; more is a gap
LONGEST_HEADING, HEADING_LINES = 150, 3
MOSTLY_BOLD = 0.4  # a share of bold letters from which bold means nothing

_ENDS = (".", ",", ":", ";", "!", "-", "–", "—")
_NUMBERED = re.compile(r"^[\d.]+(?=\s)")
_NUMBER = re.compile(r"(?:\d+\.)*\d+\.?(?=\s)")


@dataclass(slots=True)
class Part:
    """A heading, row or field; or, without a kind, paragraphs and items as plain text."""

    text: str
    kind: Kind | None = None
    level: int = 0
    table: Table | None = None


class Style:
    """How the pages of a document are set, as far as these show it."""

    def __init__(self, pages: list[list[Piece]]) -> None:
        sizes, gaps, bold = Counter[float](), Counter[float](), 0
        self.words: Set[str] = set()
        for pieces in pages:
            for piece in pieces:
                sizes[_rounded(piece.size)] += len(piece.text)
                bold += piece.bold * len(piece.text)
            self.words |= words_of("\n".join(piece.text for piece in pieces))
            for line, after in pairwise(lines_of(pieces)):
                gaps[round((line.bottom - after.bottom) / max(line.size, 1.0), 1)] += 1
        self._size = sizes.most_common(1)[0][0] if sizes else 0.0
        self._bold_tells = bold < MOSTLY_BOLD * sum(sizes.values())
        self._larger = list[float]()  # one of those that are nearly the same
        for size in sorted(sizes, reverse=True):
            if size > LARGER * self._size and not (
                self._larger and _are_same(size, self._larger[-1])
            ):
                self._larger.append(size)
        usual = [gap for gap, _ in gaps.most_common() if 0.8 <= gap <= 2.5]
        self._gap = usual[0] if usual else 1.2

    @property
    def least_level(self) -> int:
        """A level below that of every heading that its letters tell."""
        return 10 * (len(self._larger) + 2)

    def is_gap(self, line: Line, after: Line) -> bool:
        """Whether a blank line, or a change of the font, parts two lines."""
        distance = (line.bottom - after.bottom) / max(line.size, 1.0)
        return not 0 < distance <= LOOSE * self._gap or not self.is_alike(line, after)

    def is_alike(self, line: Line, after: Line) -> bool:
        return _are_same(line.size, after.size) and (
            line.is_bold == after.is_bold or not self._bold_tells
        )

    def heading_level(self, lines: list[Line]) -> int:
        """The level of the heading that these lines are, or 0."""
        text = " ".join(line.text for line in lines)
        if len(lines) > HEADING_LINES or len(text) > LONGEST_HEADING or has_leaders(text):
            return 0
        if not any(map(str.isalpha, text)) or text.endswith(_ENDS) or text[0].islower():
            return 0
        size = _rounded(min(line.size for line in lines))
        if size > LARGER * self._size:
            rank = sum(not _are_same(size, each) and each > size for each in self._larger)
        elif self._bold_tells and all(line.is_bold for line in lines):
            rank = len(self._larger)
        else:
            return 0
        number = _NUMBER.match(text)
        return 10 * (rank + 1) + (number[0].rstrip(".").count(".") if number else 0)


def parts_of(
    pieces: list[Piece], style: Style, ruled: list[Ruled], titles: Mapping[str, int]
) -> Iterator[Part]:
    """The parts of a page in reading order; `titles` are bookmarks that lead here, with levels."""
    inside = {id(piece) for table in ruled for piece in table.pieces}
    tables = dict(enumerate(ruled))
    places = [_place(at, table) for at, table in tables.items()]
    for column in columns([*(each for each in pieces if id(each) not in inside), *places]):
        yield from _column(column, style, tables, titles)


def plain(title: str) -> str:
    """A title as it is compared: without its number."""
    title = " ".join(title.split()).casefold()
    return _NUMBERED.sub("", title).strip(" .:")


def _place(at: int, table: Ruled) -> Piece:
    """A piece that keeps the place of a table among the others."""
    size = median(piece.size for piece in table.pieces)
    (left, *_, right), (top, *_, bottom) = table.xs, table.ys
    return Piece("", left, bottom, right, top, size, kind="row", at=at)


def _column(
    column: Column, style: Style, tables: Mapping[int, Ruled], titles: Mapping[str, int]
) -> Iterator[Part]:
    lines, at = column.lines, 0
    text = [line for line in lines if not line.has_table]
    measure = Measure.of(Column(text or lines, column.is_narrow))
    while at < len(lines):
        stop = at + 1
        if lines[at].has_table:
            yield from _beside_tables(lines[at], measure, style, tables)
        elif lines[at].pieces[0].kind == "field":
            yield from (Part(piece.text, piece.kind) for piece in lines[at].pieces)
        elif grid := grid_at(lines, at):
            yield from (Part(row(cells), "row", table=grid.table) for cells in grid.rows)
            stop = grid.stop
        elif stop := _title(lines, at, titles):
            title = " ".join(line.text for line in lines[at:stop])
            level = style.heading_level(lines[at:stop]) or style.least_level + titles[plain(title)]
            yield Part(title, "heading", level)
        else:
            stop = _end(lines, at, style, titles)
            yield _text(lines[at:stop], measure, style)
        at = stop


def _beside_tables(
    line: Line, measure: Measure, style: Style, tables: Mapping[int, Ruled]
) -> Iterator[Part]:
    if rest := [piece for piece in line.pieces if piece.kind != "row"]:
        yield _text([Line(rest)], measure, style)
    for piece in line.pieces:
        if piece.kind == "row":
            for text, block in tables[piece.at].blocks(style.words):
                yield Part(text, block.kind, table=block.table)


def _title(lines: list[Line], at: int, titles: Mapping[str, int]) -> int:
    """Where the title of a bookmark ends that begins with this line; 0 where none does."""
    for stop in range(at + 1, min(at + HEADING_LINES, len(lines)) + 1 if titles else 0):
        if plain(" ".join(line.text for line in lines[at:stop])) in titles:
            return stop
    return 0


def _end(lines: list[Line], at: int, style: Style, titles: Mapping[str, int]) -> int:
    """Where the text ends that begins with a line: at a gap, a field, a title or a table."""
    stop = at + 1
    while stop < len(lines) and not style.is_gap(lines[stop - 1], lines[stop]):
        if any(piece.kind for piece in lines[stop].pieces) or grid_at(lines, stop):
            break
        if _title(lines, stop, titles):
            break
        stop += 1
    return stop


def _text(lines: list[Line], measure: Measure, style: Style) -> Part:
    if level := style.heading_level(lines):
        return Part(" ".join(line.text for line in lines), "heading", level)
    return Part(paragraphs(lines, measure, style.words))


def _are_same(size: float, other: float) -> bool:
    return abs(size - other) <= SAME_SIZE * max(size, other)


def _rounded(size: float) -> float:
    return round(2 * size) / 2
