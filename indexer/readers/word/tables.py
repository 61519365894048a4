"""The rows and columns of a Word table."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from indexer.readers.word.names import P, child, is_on, number, value, w

MAX_COLUMNS = 63  # of a table in Word
MAX_HEADER = 8  # rows
MAX_REPEATED = 200  # characters of a merged cell that are said again in each of its rows

_CELL, _SPAN, _MERGE = w("tcPr"), w("gridSpan"), w("vMerge")
_LINE, _BEFORE, _AFTER, _HEADER = w("trPr"), w("gridBefore"), w("gridAfter"), w("tblHeader")


class Grid:
    """Puts the cells of one row after another into their columns."""

    def __init__(self) -> None:
        self._above: dict[int, str] = {}  # of columns in which a merged cell goes on

    def place(self, line: Any, cells: list[Any], texts: list[str], *, head: bool) -> list[str]:
        """A row of texts; of a cell over several columns the first has it, in a header all."""
        properties = child(line, _LINE)
        before = _count(properties, _BEFORE)
        placed = [""] * before
        above: dict[int, str] = {}
        for cell, text in zip(cells, texts, strict=True):
            column, (span, merge) = len(placed), _shape(cell)
            if merge is not None:
                if merge != "restart":
                    text = text.strip() or self._above.get(column, "")
                above[column] = text if len(text) <= MAX_REPEATED else ""
            placed += [text] + [text if head else ""] * (min(span, MAX_COLUMNS - column) - 1)
        self._above = above
        alone = len(cells) == 1 and not head
        return placed[before : before + 1] if alone else placed + [""] * _count(properties, _AFTER)


def is_layout(rows: Iterator[list[Any]]) -> bool:
    """Whether a table only places text: one column, or one row with paragraphs in its cells."""
    first, second = next(rows, []), next(rows, None)
    if second is None:
        return len(first) < 2 or any(len(cell.findall(P)) > 1 for cell in first)
    return all(len(cells) < 2 for cells in chain((first, second), rows))


def is_title(rows: list[list[Any]]) -> bool:
    """Whether the first row is one cell above all the columns."""
    return len(rows) > 1 and len(rows[0]) == 1 and len(rows[1]) > 1


def header_rows(lines: list[Any], rows: list[list[Any]]) -> int:
    """How many rows name the columns: those marked so, else the first with what it is merged to."""
    if len(rows) < 2:
        return 0
    marked = 0
    while marked < len(rows) and is_marked(lines[marked]):
        marked += 1
    return marked if 0 < marked < len(rows) else _merged_rows(rows)


def is_marked(line: Any) -> bool:
    """Whether Word is told that this row names the columns."""
    properties = child(line, _LINE)
    return properties is not None and is_on(child(properties, _HEADER))


def _merged_rows(rows: list[list[Any]]) -> int:
    """The rows of a head of which some columns are merged and others stand below a common name."""
    tall = _column_of_merge(rows[0])
    if tall is None or not any(_shape(cell)[0] > 1 for cell in rows[0]):
        return 1
    count = 1
    while count < len(rows) and _goes_on(rows[count], tall):
        count += 1
    return count if count < len(rows) else 1


def _column_of_merge(cells: list[Any]) -> int | None:
    column = 0
    for span, merge in map(_shape, cells):
        if merge == "restart":
            return column
        column += span
    return None


def _goes_on(cells: list[Any], wanted: int) -> bool:
    column = 0
    for span, merge in map(_shape, cells):
        if column == wanted:
            return merge not in (None, "restart")
        column += span
    return False


def joined(rows: list[list[str]]) -> list[str]:
    """Several header rows as one: for each column its names from above to below."""
    width = max(map(len, rows), default=0)
    columns = ([row[column] for row in rows if column < len(row)] for column in range(width))
    names = ([" ".join(text.split()) for text in column] for column in columns)
    return [" ".join(dict.fromkeys(filter(None, column))) for column in names]


def _shape(cell: Any) -> tuple[int, str | None]:
    """How many columns a cell takes, and whether it begins a merge or goes on with one."""
    properties = child(cell, _CELL)
    if properties is None or not len(properties):
        return 1, None
    return max(_count(properties, _SPAN), 1), value(properties, _MERGE)


def _count(properties: Any, tag: str) -> int:
    return min(number(value(properties, tag), 0), MAX_COLUMNS)
