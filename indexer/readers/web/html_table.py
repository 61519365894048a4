"""Rows of an HTML table as lines: values repeated over the cells that they span, under a header."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from indexer.readers.page import Kind, Table, row
from indexer.readers.tables.sheet import LOOK_AHEAD, names_columns

LAYOUT_CELL = 300  # characters; a cell of several blocks and more than this is page layout
LAYOUT_BLOCKS = 500  # a row with cells of more is page layout
MOST_TABLES = 50  # one inside of another
MOST_COLUMNS = 100  # that one cell may span
SPANNED = 10_000_000  # characters that spans of one table may add
HEADER_ROWS = 3


@dataclass(frozen=True)
class Piece:
    """A block on its way into the text."""

    kind: Kind
    text: str
    level: int = 0
    table: Table | None = None
    bold: bool = False


@dataclass
class Cell:
    """A cell with the blocks that stand in it."""

    is_header: bool
    columns: int = 1
    rows: int = 1
    pieces: list[Piece] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(" ".join(piece.text for piece in self.pieces).split())

    @property
    def is_bold(self) -> bool:
        return all(piece.bold for piece in self.pieces)

    @property
    def is_layout(self) -> bool:
        """Whether it holds a part of the page rather than a value."""
        if any(piece.kind in ("heading", "row", "caption") for piece in self.pieces):
            return True
        return len(self.pieces) > 1 and sum(len(each.text) for each in self.pieces) > LAYOUT_CELL


class TableRows:
    """Takes the rows of one table and gives its blocks."""

    def __init__(self) -> None:
        self.cells: list[Cell] | None = None  # of the open row
        self.in_head = False
        self._is_layout = False  # the open row, being long
        self._more = 0  # blocks of it that are not the first of their cell
        self._name = ""
        self._headers: list[list[str]] = []
        self._table: Table | None = None
        self._begun = False  # rows that are no header
        self._first: list[tuple[list[str], bool]] = []  # held until they show a header; bold ones
        self._hanging: dict[int, tuple[str, int]] = {}  # column: value from above, rows it goes on
        self._spare = SPANNED

    def caption(self, text: str) -> None:
        """The name of the table."""
        self._name = f"{self._name} {text}".strip()

    def begin_row(self) -> None:
        self.cells, self._is_layout, self._more = [], False, 0

    def begin_cell(self, cell: Cell) -> None:
        if self.cells is None:
            self.begin_row()
            self.cells = []
        self.cells.append(cell)

    def add(self, piece: Piece) -> list[Piece]:
        """Put a block into the open cell; gives back what stands in none, the row being long."""
        cells = self.cells or [Cell(False)]
        cells[-1].pieces.append(piece)
        self._more += len(cells[-1].pieces) > 1
        if self._more <= LAYOUT_BLOCKS:
            return []
        self._is_layout, self.cells = True, [Cell(False)]
        return [*self._lead(), *(piece for cell in cells for piece in cell.pieces)]

    def end_row(self) -> Iterator[Piece]:
        cells, self.cells = self.cells or [], None
        if self._is_layout or any(cell.is_layout for cell in cells):
            yield from self._lead()
            yield from (piece for cell in cells for piece in cell.pieces)
            return
        values = self._spread(cells)
        if not any(values):
            return
        if self._is_header(cells):
            self._headers.append(values)
            return
        if len(cells) == 1 and len(set(values)) == 1:  # a line over the whole width
            values = values[:1]
        self._first.append((values, all(cell.is_bold for cell in cells)))
        if self._begun or self._headers or len(self._first) == LOOK_AHEAD:
            yield from self._lead()

    def end(self) -> Iterator[Piece]:
        """What is left: the rows that are held, or a table of nothing but headers."""
        if self.cells is not None:
            yield from self.end_row()
        yield from self._lead()

    def _is_header(self, cells: list[Cell]) -> bool:
        if self._begun or self._first or len(self._headers) >= HEADER_ROWS:
            return False
        corner = [] if cells[:1] and cells[0].is_header else cells[:1]
        names = cells[len(corner) :]
        return self.in_head or (
            bool(names)
            and all(cell.is_header for cell in names)
            and not any(c.text for c in corner)
        )

    def _lead(self) -> Iterator[Piece]:
        """Name and header, before the first row, and the rows that are held."""
        if not self._begun:
            self._begun = True
            yield from self._head()
        first, self._first = self._first, []
        for values, _ in first:
            yield Piece("row", row(values), table=self._table)

    def _head(self) -> Iterator[Piece]:
        while self._headers and len(self._headers[0]) > 1 and len(set(self._headers[0])) == 1:
            self.caption(self._headers.pop(0)[0])
        rows, bold = [values for values, _ in self._first], [bold for _, bold in self._first]
        if not self._headers and names_columns(rows, bold):
            self._headers.append(self._first.pop(0)[0])
        header = row(_joined(self._headers)) if self._headers else ""
        if self._name or header:
            self._table = Table(self._name, header)
        if self._name:
            yield Piece("caption", self._name, table=self._table)
        if header:
            yield Piece("row", header, table=self._table)

    def _spread(self, cells: list[Cell]) -> list[str]:
        """The values by column, with those that hang down from rows above."""
        values: list[str] = []
        for cell in cells:
            values += self._from_above(len(values))
            text = cell.text
            for _ in range(cell.columns):
                if cell.rows > 1:
                    self._hanging[len(values)] = (text, cell.rows - 1)
                values.append(text)
                text = self._again(text)
        return values + self._from_above(len(values))

    def _from_above(self, column: int) -> list[str]:
        values = []
        while column in self._hanging:
            text, rows = self._hanging.pop(column)
            if rows > 1:
                self._hanging[column] = (text, rows - 1)
            values.append(self._again(text))
            column += 1
        return values

    def _again(self, text: str) -> str:
        self._spare -= len(text) + 1
        return text if self._spare > 0 and len(text) <= LAYOUT_CELL else ""


def _joined(headers: list[list[str]]) -> list[str]:
    """One name a column, of several header rows."""
    width = max(map(len, headers))
    columns = (
        [*dict.fromkeys(line[at] for line in headers if at < len(line))] for at in range(width)
    )
    return [" ".join(filter(None, names)) for names in columns]
