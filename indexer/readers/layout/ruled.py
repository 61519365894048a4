"""Tables between drawn lines: pieces of text by cells, cells by rows under their header."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import pairwise, product
from typing import NamedTuple

from indexer.readers.layout.join import glued
from indexer.readers.layout.lines import Line, lines_of
from indexer.readers.layout.piece import SAME, Piece, Rule, Rules
from indexer.readers.page import Block
from indexer.readers.sections import Sections
from indexer.readers.tables import sheet

Cell = tuple[int, int]  # row and column

MOST_COLUMNS, MOST_ROWS = 60, 400
LEAST_FILLED = 0.25  # of the cells; with fewer it is a chart
TALL, MOST_OF_TEXT = 0.4, 0.5  # of the page and the text: a cell with more frames the page
REPEATED = 150  # characters of a cell over several rows that each of them is given


@dataclass(eq=False)
class Ruled:
    """A table: the lines between its cells, and the pieces that stand in it."""

    xs: list[float]
    ys: list[float]  # from above
    merged: _Cells
    pieces: list[Piece] = field(default_factory=list)
    head: list[sheet.Line] = field(default_factory=list)  # of the page before, where it goes on

    def area(self) -> float:
        """How much of the page it takes."""
        return (self.xs[-1] - self.xs[0]) * (self.ys[0] - self.ys[-1])

    def holds(self, line: Line) -> bool:
        """Whether a line of the page stands in it."""
        middle = (line.left + line.right) / 2
        return self.xs[0] <= middle <= self.xs[-1] and self.ys[-1] <= line.bottom <= self.ys[0]

    def place(self, piece: Piece) -> Cell | None:
        """The cell that a piece stands in."""
        return self._at((piece.left + piece.right) / 2, (piece.bottom + piece.top) / 2)

    def middle(self) -> tuple[float, float]:
        """The point in its middle."""
        return (self.xs[0] + self.xs[-1]) / 2, (self.ys[0] + self.ys[-1]) / 2

    def _at(self, x: float, y: float) -> Cell | None:
        if not (self.xs[0] <= x <= self.xs[-1] and self.ys[-1] <= y <= self.ys[0]):
            return None
        column = min(bisect_right(self.xs, x), len(self.xs) - 1) - 1
        row = min(bisect_right([-each for each in self.ys], -y), len(self.ys) - 1) - 1
        return self.merged.whole((row, column))

    def cells(self) -> dict[Cell, list[Piece]]:
        """The pieces of each cell that has some, by its row and column."""
        cells = defaultdict[Cell, list[Piece]](list)
        for piece in self.pieces:
            if place := self.place(piece):
                cells[place].append(piece)
        return cells

    def is_table(self, height: float, inner: list[Ruled]) -> bool:
        """Whether it is none of a chart, a row of boxes, a frame around a page of this height.

        `inner` are tables that may stand in it.
        """
        cells = self.cells()
        if len({row for row, _ in cells}) < 2 or len({column for _, column in cells}) < 2:
            return False
        if len(cells) < LEAST_FILLED * len({*map(self.merged.whole, self._places())}):
            return False
        sizes = {cell: sum(len(each.text) for each in cells[cell]) for cell in cells}
        taken = {self._at(*each.middle()) for each in inner}
        return not any(
            self.ys[first[0]] - self.ys[last[0] + 1] > TALL * height
            and (first in taken or sizes.get(first, 0) > MOST_OF_TEXT * sum(sizes.values()))
            for first, last in self._last().items()
        )

    def goes_on(self, before: Ruled) -> bool:
        """Whether its columns are as wide as those of the table before."""
        widths, others = ([b - a for a, b in pairwise(each.xs)] for each in (self, before))
        return len(widths) == len(others) and all(
            abs(width - other) <= 2 * SAME for width, other in zip(widths, others, strict=True)
        )

    def blocks(self, words: Set[str]) -> Iterator[tuple[str, Block]]:
        """Its header, rows, titles and pairs of name and value, each with its text."""
        lines = self.lines(words)
        is_headless = self.head and [each.cells for each in lines[: len(self.head)]] != [
            each.cells for each in self.head
        ]
        if is_headless:
            lines = [
                *self.head,
                *(replace(each, number=each.number + len(self.head), below=0) for each in lines),
            ]
        sections = Sections()
        pages = [*sheet.write(lines, sections), *sections.take(last=True)]
        for page in pages:
            for block in page.blocks:
                text = page.text[block.start : block.stop]
                if not (is_headless and block.table and text == block.table.header):
                    yield text, block

    def lines(self, words: Set[str]) -> list[sheet.Line]:
        """Its rows that are not empty, as lines of a sheet."""
        rows = defaultdict[int, list[_Said]](list)
        last = self._last()
        for whole, pieces in sorted(self.cells().items()):
            said = _Said(whole, last[whole], _text(pieces, words), all(p.bold for p in pieces))
            for row in range(
                whole[0], said.last[0] + 1 if len(said.text) <= REPEATED else whole[0] + 1
            ):
                rows[row].append(said)
        numbers = {row: number for number, row in enumerate(sorted(rows), 1)}
        filled = sorted({said.first[1] for cells in rows.values() for said in cells})
        return [_line(row, rows[row], numbers, filled) for row in numbers]

    def _last(self) -> dict[Cell, Cell]:
        """Where each cell ends, by where it begins."""
        return {self.merged.whole(place): place for place in self._places()}

    def _places(self) -> Iterable[Cell]:
        return product(range(len(self.ys) - 1), range(len(self.xs) - 1))


class _Said(NamedTuple):
    """What a cell says, the first and the last place that it takes."""

    first: Cell
    last: Cell
    text: str
    bold: bool


def _line(row: int, said: list[_Said], numbers: dict[int, int], filled: list[int]) -> sheet.Line:
    """A line of the cells in a row; `filled` are the columns that hold anything."""
    cells, spans, below = dict[int, str](), dict[int, int](), 0
    for each in sorted(said, key=lambda each: each.first[1]):
        first, last = (bisect_right(filled, place[1]) for place in (each.first, each.last))
        cells[first] = each.text
        if last > first:
            spans[first] = last
        if each.first[0] == row:
            below = max(below, numbers.get(each.last[0], 0))
    return sheet.Line(numbers[row], cells, spans, below, all(each.bold for each in said))


def tables(rules: Rules, pieces: list[Piece]) -> list[Ruled]:
    """The tables of a page with their pieces; one may stand in a cell of another, or in a frame."""
    height = max((piece.top for piece in pieces), default=0.0) - min(
        (piece.bottom for piece in pieces), default=0.0
    )
    found, left = list[Ruled](), pieces
    grids = [table for across, down in _connected(rules) if (table := _grid(across, down))]
    for table in sorted(grids, key=Ruled.area):
        table.pieces = [piece for piece in left if table.place(piece)]
        if table.is_table(height, found):
            found.append(table)
            left = [piece for piece in left if not table.place(piece)]
    return found


def _text(pieces: list[Piece], words: Set[str]) -> str:
    return reduce(lambda text, line: glued(text, line, words), _said(pieces))


def _said(pieces: list[Piece]) -> list[str]:
    """What stands on each line; letters that lie on their side are read by columns."""
    if any(piece.is_tall for piece in pieces):
        return [piece.text for piece in sorted(pieces, key=lambda each: each.left)]
    return [line.text for line in lines_of(pieces)]


def _connected(rules: Rules) -> Iterator[tuple[list[Rule], list[Rule]]]:
    """The lines that meet, directly or through others."""
    left_across, left_down = list(rules.across), list(rules.down)
    while left_across:
        across, down = [left_across.pop()], list[Rule]()
        reached = True
        while reached:
            met_down = [each for each in left_down if any(_meet(rule, each) for rule in across)]
            left_down = [each for each in left_down if each not in met_down]
            down += met_down
            met = [each for each in left_across if any(_meet(each, rule) for rule in met_down)]
            left_across = [each for each in left_across if each not in met]
            across += met
            reached = bool(met)
        yield across, down


def _meet(across: Rule, down: Rule) -> bool:
    return across.covers(down.at) and down.covers(across.at)


def _grid(across: list[Rule], down: list[Rule]) -> Ruled | None:
    """The cells between these lines; what they leave open on a side ends where they end."""
    if len(across) < 2 or not down:
        return None
    xs = _different([*(rule.at for rule in down), *_ends(across)])
    ys = _different([*(rule.at for rule in across), *_ends(down)])[::-1]
    if not (2 < len(xs) <= MOST_COLUMNS and 2 < len(ys) <= MOST_ROWS):
        return None
    left = [[rule for rule in down if abs(rule.at - x) <= 2 * SAME] for x in xs]
    upper = [[rule for rule in across if abs(rule.at - y) <= 2 * SAME] for y in ys]
    cells = _Cells()
    for row, column in product(range(len(ys) - 1), range(len(xs) - 1)):
        x, y = (xs[column] + xs[column + 1]) / 2, (ys[row] + ys[row + 1]) / 2
        if column and not any(rule.covers(y) for rule in left[column]):
            cells.merge((row, column - 1), (row, column))
        if row and not any(rule.covers(x) for rule in upper[row]):
            cells.merge((row - 1, column), (row, column))
    return Ruled(xs, ys, cells)


class _Cells(dict[Cell, Cell]):
    """Each cell, and one above or on the left that it is merged with."""

    def whole(self, cell: Cell) -> Cell:
        """The first of the cells that it is merged with."""
        while (first := self.setdefault(cell, cell)) != cell:
            cell = first
        return cell

    def merge(self, one: Cell, other: Cell) -> None:
        first, second = sorted((self.whole(one), self.whole(other)))
        self[second] = first


def _ends(rules: list[Rule]) -> tuple[float, float]:
    return min(rule.start for rule in rules), max(rule.stop for rule in rules)


def _different(places: list[float]) -> list[float]:
    """In order, those that are the same once."""
    found = list[float]()
    for place in sorted(places):
        if not found or place - found[-1] > 2 * SAME:
            found.append(place)
    return found
