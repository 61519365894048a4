"""Tables of OpenDocument texts and slides: their rows, what they are for, and their blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from indexer.readers.odf.document import n
from indexer.readers.odf.runs import SOFT_BREAK
from indexer.readers.tables.sheet import LOOK_AHEAD, names_columns, pair
from indexer.readers.web.html_table import Cell, Piece, TableRows
from indexer.readers.word.forms import are_values

ROW = n("table:table-row")
_HEAD = n("table:table-header-rows")
BREAK = Piece("furniture", "")  # a page ends here; as a row, no cell at all
_GROUPS = (_HEAD, n("table:table-rows"), n("table:table-row-group"))


def rows_of(table: Any, in_head: bool = False) -> Iterator[tuple[Any, bool]]:
    """The rows of a table, with ends of pages, and whether each names the columns."""
    for each in table:
        if each.tag in (ROW, SOFT_BREAK):
            yield each, in_head
        elif each.tag in _GROUPS:
            yield from rows_of(each, in_head or each.tag == _HEAD)


def laid_out(rows: list[list[Cell]]) -> bool:
    """Whether a table only places text: one column, or one row with paragraphs in its cells."""
    if len(rows) == 1:
        return len(rows[0]) < 2 or any(len(cell.pieces) > 1 for cell in rows[0])
    return all(len(cells) < 2 for cells in rows)


def blocks(rows: list[list[Cell]], table: TableRows, name: str) -> Iterator[Piece]:
    """The blocks of a table that begins here; `name` is its caption."""
    if _is_form(rows):
        yield Piece("caption", name)
        yield from _fields(rows)
        return
    if len(rows) > 1 and len(rows[0]) == 1 < len(rows[1]):
        name = name or rows.pop(0)[0].text
    if name:
        table.caption(name)
    for cells in rows[: _header_rows(rows)]:
        for cell in cells:
            cell.is_header = True
    yield from more_rows(rows, table)


def more_rows(rows: list[list[Cell]], table: TableRows) -> Iterator[Piece]:
    """The blocks of rows; what hangs on a cell, as notes do, comes after its row."""
    for cells in rows:
        if not cells:
            yield from table.end()
            yield BREAK
            continue
        hanging = _taken_out(cells)
        table.begin_row()
        for cell in cells:
            wide = cell.columns if len(cells) > 1 and not cell.is_header else 1
            cell.columns -= wide - 1
            for each in (cell, *(Cell(False, rows=cell.rows) for _ in range(wide - 1))):
                table.begin_cell(each)
        yield from table.end_row()
        yield from hanging
    yield from table.end()


def _header_rows(rows: list[list[Cell]]) -> int:
    """How many rows name the columns: one, or those of a head with merged cells."""
    tall = max((cell.rows for cell in rows[0]), default=1)
    if 1 < tall < len(rows) and any(cell.columns > 1 for cell in rows[0]):
        return tall
    first = rows[:LOOK_AHEAD]
    texts = [[cell.text for cell in cells] for cells in first]
    return int(names_columns(texts, [all(cell.is_bold for cell in cells) for cells in first]))


def _taken_out(cells: list[Cell]) -> list[Piece]:
    found = list[Piece]()
    for cell in cells:
        found += (piece for piece in cell.pieces if _hangs(piece))
        cell.pieces = [piece for piece in cell.pieces if not _hangs(piece)]
    return found


def _hangs(piece: Piece) -> bool:
    return piece.kind == "note" or piece is BREAK


def _is_form(rows: list[list[Cell]]) -> bool:
    """Whether the cells are names and values, some rows perhaps merged, under no header."""
    cells = [each for each in rows if len(each) == 2]
    if not cells or any(len(each) > 2 for each in rows) or rows[0][0].is_header:
        return False
    bold = [all(cell.pieces and cell.is_bold for cell in each) for each in (cells * 2)[:2]]
    if any(len(name.pieces) > 1 for name, _ in cells) or (bold[0] and not bold[1]):
        return False
    return are_values([(name.text, text.text) for name, text in cells if name.text and text.text])


def _fields(rows: list[list[Cell]]) -> Iterator[Piece]:
    for cells in rows:
        if not cells:
            yield BREAK
        hanging = _taken_out(cells)
        texts = list(filter(None, (cell.text for cell in cells)))
        if len(texts) == 2:
            for text, kind in pair(*texts):
                yield Piece(kind, text)
        else:
            yield Piece("paragraph", " ".join(texts))
        yield from hanging
