"""The pieces of a page in reading order: columns one after the other, their lines from above."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from indexer.readers.layout.piece import Piece
from indexer.readers.reflow import MARKER

LEAST_LINES = 4  # of a column of text
LEAST_LENGTH = 18  # characters of its lines, in the median
LEAST_GUTTER = 0.8  # heights of a line
FILLS, FULL_LINES = 0.75, 0.6  # lines that fill so much of a column, and their share
APART = 0.3  # changes between columns while they are drawn, to the lines of the shorter one
STRETCHED = 2.5  # heights of a line: the widest gap between words
ALIKE = 1.25  # how much gaps between words of a line differ at most

_MARKER = re.compile(MARKER)


@dataclass(slots=True)
class Line:
    """Pieces beside each other, from the left."""

    pieces: list[Piece]

    @property
    def text(self) -> str:
        first, *others = self.pieces
        return " ".join([first.text, *(piece.text for piece in others)]) if others else first.text

    @property
    def left(self) -> float:
        return self.pieces[0].left

    @property
    def right(self) -> float:
        return self.pieces[-1].right

    @property
    def bottom(self) -> float:
        return self.pieces[0].bottom

    @property
    def size(self) -> float:
        return max(piece.size for piece in self.pieces)

    @property
    def has_table(self) -> bool:
        """Whether a piece keeps the place of a table in it."""
        return any(piece.kind == "row" for piece in self.pieces)

    @property
    def is_bold(self) -> bool:
        return all(piece.bold for piece in self.pieces)


@dataclass(slots=True)
class Column:
    """Lines that are read from above; `is_narrow`: beside another column of text."""

    lines: list[Line]
    is_narrow: bool


def columns(pieces: list[Piece]) -> list[Column]:
    """The columns of a page in reading order; turned text comes last."""
    upright = [piece for piece in pieces if not piece.is_tall]
    found = _columns(upright, is_narrow=False)
    tall = [Line([piece]) for piece in pieces if piece.is_tall]
    return [*found, Column(tall, is_narrow=False)] if tall else found


def lines_of(pieces: list[Piece]) -> list[Line]:
    """The lines from above; a number or bullet belongs to what follows it."""
    lines = list[list[Piece]]()
    for piece in sorted(pieces, key=lambda each: (-each.bottom, each.left)):
        if lines and _is_beside(lines[-1], piece):
            lines[-1].append(piece)
        else:
            lines.append([piece])
    for line in lines:
        line.sort(key=lambda each: each.left)
        if len(line) > 1 and _MARKER.fullmatch(line[0].text) and line[1].kind != "row":
            line[:2] = [_merged(line[:2])]
        if _is_stretched(line):
            line[:] = [_merged(line)]
    return [Line(line) for line in lines]


def _is_beside(line: list[Piece], piece: Piece) -> bool:
    first = line[0]
    common = min(first.top, piece.top) - max(first.bottom, piece.bottom)
    return common > 0.6 * min(first.size, piece.size)


def _is_stretched(line: list[Piece]) -> bool:
    """Whether it is words that are set apart to fill a line: their gaps are alike."""
    gaps = [after.left - piece.right for piece, after in pairwise(line)]
    if any(piece.kind == "row" for piece in line):
        return False
    if len(gaps) < 2 or max(gaps) > STRETCHED * line[0].size or max(gaps) > ALIKE * min(gaps):
        return False
    return 2 * sum(any(map(str.isalpha, piece.text)) for piece in line) > len(line)


def _merged(pieces: list[Piece]) -> Piece:
    first, last = pieces[0], pieces[-1]
    words = " ".join(piece.text for piece in pieces)
    bottom, top = _bottom(pieces), _top(pieces)
    return Piece(words, first.left, bottom, last.right, top, last.size, last.bold, last.kind)


def _columns(pieces: list[Piece], *, is_narrow: bool) -> list[Column]:
    gutter = _gutter(pieces)
    if gutter is None:
        return [Column(lines_of(pieces), is_narrow)] if pieces else []
    found = list[Column]()
    full, left, right = list[Piece](), list[Piece](), list[Piece]()
    crossing = [piece for piece in pieces if piece.left < gutter < piece.right]
    for piece in sorted(pieces, key=lambda each: -each.bottom):
        if any(piece is each or _is_beside([each], piece) for each in crossing):
            found += _side_by_side(left, right)
            left, right = [], []
            full.append(piece)
            continue
        if full:
            found.append(Column(lines_of(full), is_narrow=False))
            full = []
        (left if piece.right <= gutter else right).append(piece)
    if full:
        found.append(Column(lines_of(full), is_narrow=False))
    return found + _side_by_side(left, right)


def _side_by_side(left: list[Piece], right: list[Piece]) -> list[Column]:
    """The columns of a part of the page; a table between the gutters of others is read by rows."""
    are_rows = min(len(left), len(right)) >= LEAST_LINES and not (
        (_are_long(left) and _are_long(right)) or _is_prose(left) or _is_prose(right)
    )
    if are_rows:
        return [Column(lines_of(left + right), is_narrow=False)]
    return _columns(left, is_narrow=True) + _columns(right, is_narrow=True)


def _gutter(pieces: list[Piece]) -> float | None:
    """Where two columns of text meet: none begins there in a page of one column, or in a table."""
    starts = Counter(round(piece.left) for piece in pieces)
    best, fewest = None, len(pieces)
    for start, count in starts.items():
        x = start - 1.5
        crossing = sum(piece.left < x < piece.right for piece in pieces)
        if count < LEAST_LINES or crossing >= fewest:
            continue
        left = [piece for piece in pieces if piece.right <= x]
        right = [piece for piece in pieces if piece.left >= x]
        if _are_columns(left, right):
            best, fewest = x, crossing
    return best


def _are_columns(left: list[Piece], right: list[Piece]) -> bool:
    if min(len(left), len(right)) < LEAST_LINES:
        return False
    size = median(piece.size for piece in left)
    if min(piece.left for piece in right) - _edge(left) < LEAST_GUTTER * size:
        return False
    top, bottom = min(_top(left), _top(right)), max(_bottom(left), _bottom(right))
    shorter = min(_top(left) - _bottom(left), _top(right) - _bottom(right))
    if top - bottom < shorter / 2:
        return False
    if _are_long(left) and _are_long(right) and _are_drawn_apart(left, right):
        return True
    return _is_prose(left) and (_is_prose(right) or _gutter(right) is not None)


def _are_drawn_apart(left: list[Piece], right: list[Piece]) -> bool:
    """Whether one is drawn after the other; a table is drawn by rows."""
    drawn = sorted([(piece.at, 0) for piece in left] + [(piece.at, 1) for piece in right])
    changes = sum(side != after for (_, side), (_, after) in pairwise(drawn))
    return changes <= APART * min(len(left), len(right))


def _are_long(pieces: list[Piece]) -> bool:
    """Whether most letters stand in long lines: the labels of a figure have few."""
    letters = sum(len(piece.text) for piece in pieces if len(piece.text) >= LEAST_LENGTH)
    return 2 * letters >= sum(len(piece.text) for piece in pieces)


def _is_prose(pieces: list[Piece]) -> bool:
    """Whether most of these fill a column, as wrapped text does and the cells of a table do not."""
    if len(pieces) < LEAST_LINES or not _are_long(pieces):
        return False
    left = min(piece.left for piece in pieces)
    width = _edge(pieces) - left
    full = sum(len(piece.text) for piece in pieces if piece.right - piece.left >= FILLS * width)
    return full >= FULL_LINES * sum(len(piece.text) for piece in pieces)


def _edge(pieces: list[Piece]) -> float:
    """The right edge that nine of ten keep."""
    return sorted(piece.right for piece in pieces)[(len(pieces) - 1) * 9 // 10]


def _top(pieces: list[Piece]) -> float:
    return max(piece.top for piece in pieces)


def _bottom(pieces: list[Piece]) -> float:
    return min(piece.bottom for piece in pieces)
