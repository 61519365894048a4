"""Rows of cells that stand under each other on a page."""

from __future__ import annotations

import re
from dataclasses import dataclass

from indexer.readers.contents import has_leaders
from indexer.readers.layout.lines import Line
from indexer.readers.layout.piece import Piece
from indexer.readers.page import Table, row

LEAST_ROWS = 3  # of a table of two columns; of a wider one, two
TIGHT = 1.35  # heights from a line to the next one of the same row, or less
FAR = 4.0  # heights to what is no row of the table any more

_Extent = tuple[float, float]


@dataclass(slots=True)
class Grid:
    """A table: which of the lines are its rows, and its cells."""

    stop: int
    rows: list[list[str]]
    is_headed: bool

    @property
    def table(self) -> Table | None:
        return Table(header=row(self.rows[0])) if self.is_headed else None


def grid_at(lines: list[Line], at: int) -> Grid | None:
    """The table that begins with this line."""
    if not _may_begin(lines[at]):
        return None
    extents, stop = _extents(lines[at].pieces), at + 1
    while stop < len(lines) and (wider := _with_line(extents, lines[stop - 1], lines[stop])):
        extents, stop = wider, stop + 1
    while not _is_parted(lines[stop - 1]):
        if _is_close(lines[stop - 2], lines[stop - 1]):
            break  # the last cell goes on there
        stop -= 1
    return _grid(lines, at, stop, extents)


def _grid(lines: list[Line], at: int, stop: int, extents: list[_Extent]) -> Grid | None:
    rows, before = list[list[str]](), lines[at]
    for line in lines[at:stop]:
        cells = _cells(line, extents)
        if rows and (not _is_parted(line) or not cells[0]) and _is_close(before, line):
            rows[-1] = [f"{old} {new}".strip() for old, new in zip(rows[-1], cells, strict=True)]
        else:
            rows.append(cells)
        before = line
    if len(rows) < (LEAST_ROWS if len(extents) == 2 else 2):
        return None
    return Grid(stop, rows, _is_header(rows, lines[at], lines[stop - 1]))


def _is_header(rows: list[list[str]], first: Line, last: Line) -> bool:
    if re.search(r"\d", "".join(rows[0])) or not all(rows[0]):
        return False
    has_numbers = any(re.search(r"\d", "".join(each)) for each in rows[1:])
    return has_numbers or (first.is_bold and not last.is_bold)


def _may_begin(line: Line) -> bool:
    return _is_parted(line) and not has_leaders(line.text) and not line.has_table


def _is_parted(line: Line) -> bool:
    return len(line.pieces) > 1


def _is_close(line: Line, following: Line) -> bool:
    return line.bottom - following.bottom <= TIGHT * min(line.size, following.size)


def _extents(pieces: list[Piece]) -> list[_Extent]:
    return [(piece.left, piece.right) for piece in pieces]


def _with_line(extents: list[_Extent], before: Line, line: Line) -> list[_Extent]:
    """The columns with one line more; none where it is no row of them."""
    if before.bottom - line.bottom > FAR * line.size or has_leaders(line.text) or line.has_table:
        return []
    merged = _merged([*extents, *_extents(line.pieces)])
    if len(merged) < max(len(extents), 2):
        return []
    if not _is_parted(line):
        if len(merged) > len(extents) or not _is_close(before, line):
            return []
        if line.left < extents[0][1] and not line.text[:1].islower():
            return []
    return merged


def _merged(extents: list[_Extent]) -> list[_Extent]:
    merged = list[_Extent]()
    for left, right in sorted(extents):
        if merged and left <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(right, merged[-1][1]))
        else:
            merged.append((left, right))
    return merged


def _cells(line: Line, extents: list[_Extent]) -> list[str]:
    cells = [""] * len(extents)
    for piece in line.pieces:
        at = max(i for i, (left, _) in enumerate(extents) if left <= piece.left)
        cells[at] = f"{cells[at]} {piece.text}".strip()
    return cells
