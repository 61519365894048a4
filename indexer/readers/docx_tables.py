"""The rows and columns of a Word table."""

from __future__ import annotations

from typing import Any

from indexer.readers.docx_names import is_on, number, value, w

MAX_SPAN = 63  # columns of a table in Word
MAX_REPEATED = 200  # characters of a merged cell that are said again in each of its rows

_SPAN, _MERGE = w("tcPr/gridSpan"), w("tcPr/vMerge")
_BEFORE, _AFTER = w("trPr/gridBefore"), w("trPr/gridAfter")


class Grid:
    """Puts the cells of one row after another into their columns."""

    def __init__(self) -> None:
        self._above: dict[int, str] = {}  # of columns in which a merged cell goes on

    def place(self, line: Any, cells: list[Any], texts: list[str], *, head: bool) -> list[str]:
        """A row of texts; of a cell over several columns the first has it, in a header all."""
        placed = [""] * _count(line, _BEFORE)
        above: dict[int, str] = {}
        for cell, text in zip(cells, texts, strict=True):
            column, merge = len(placed), value(cell, _MERGE)
            if merge is not None:
                if merge != "restart":
                    text = text.strip() or self._above.get(column, "")
                above[column] = text if len(text) <= MAX_REPEATED else ""
            span = max(_count(cell, _SPAN), 1)
            placed += [text] + [text if head else ""] * (span - 1)
        self._above = above
        alone = len(cells) == 1 and not head
        return placed[:1] if alone else placed + [""] * _count(line, _AFTER)


def is_layout(rows: list[list[Any]], paragraphs: str) -> bool:
    """Whether a table only places text: one column, or one row with paragraphs in its cells."""
    if all(len(cells) == 1 for cells in rows):
        return True
    return len(rows) == 1 and any(len(cell.findall(paragraphs)) > 1 for cell in rows[0])


def is_title(rows: list[list[Any]]) -> bool:
    """Whether the first row is one cell above all the columns."""
    return len(rows) > 1 and len(rows[0]) == 1 and len(rows[1]) > 1


def header_rows(lines: list[Any], rows: list[list[Any]]) -> int:
    """How many rows name the columns: those marked so, else the first with what it is merged to."""
    if len(rows) < 2:
        return 0
    marked = 0
    while marked < len(lines) and is_on(lines[marked].find(w("trPr/tblHeader"))):
        marked += 1
    return marked if 0 < marked < len(rows) else _merged_rows(rows)


def _merged_rows(rows: list[list[Any]]) -> int:
    """The rows of a head of which some columns are merged and others stand below a common name."""
    tall = _column_of_merge(rows[0])
    if tall is None or not any(_count(cell, _SPAN) > 1 for cell in rows[0]):
        return 1
    count = 1
    while count < len(rows) and _goes_on(rows[count], tall):
        count += 1
    return count if count < len(rows) else 1


def _column_of_merge(cells: list[Any]) -> int | None:
    column = 0
    for cell in cells:
        if value(cell, _MERGE) == "restart":
            return column
        column += max(_count(cell, _SPAN), 1)
    return None


def _goes_on(cells: list[Any], wanted: int) -> bool:
    column = 0
    for cell in cells:
        if column == wanted:
            return value(cell, _MERGE) not in (None, "restart")
        column += max(_count(cell, _SPAN), 1)
    return False


def joined(rows: list[list[str]]) -> list[str]:
    """Several header rows as one: for each column its names from above to below."""
    width = max(map(len, rows), default=0)
    columns = ([row[column] for row in rows if column < len(row)] for column in range(width))
    names = ([" ".join(text.split()) for text in column] for column in columns)
    return [" ".join(dict.fromkeys(filter(None, column))) for column in names]


def _count(parent: Any, path: str) -> int:
    return min(number(value(parent, path), 0), MAX_SPAN)
