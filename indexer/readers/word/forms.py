"""Tables in which each row is a name and its value: forms."""

from __future__ import annotations

from typing import Any

from indexer.readers.tables.sheet import is_value
from indexer.readers.word.names import P, T, is_on, w
from indexer.readers.word.tables import is_marked

LONGEST_NAME = 100  # characters
LEAST_ROWS = 3

_BOLD, _RUN = w("rPr/b"), w("r")


def is_form(lines: list[Any], rows: list[list[Any]]) -> bool:
    """Whether the cells are names and values, some rows perhaps merged, under no header."""
    cells = [each for each in rows if len(each) == 2]
    if not cells or any(len(each) > 2 for each in rows) or is_marked(lines[0]):
        return False
    if any(len(name.findall(P)) > 1 for name, _ in cells) or _is_bold(cells):
        return False
    pairs = [(_text(name), _text(value)) for name, value in cells]
    return are_values([(name, value) for name, value in pairs if name and value])


def are_values(pairs: list[tuple[str, str]]) -> bool:
    """Whether these are not a header and a list below it: names with colons, mixed values."""
    names = [name for name, _ in pairs]
    if len(pairs) < LEAST_ROWS or any(len(n) > LONGEST_NAME or is_value(n) for n in names):
        return False
    if len(set(names)) < len(names):
        return False
    if sum(name.endswith(":") for name in names) * 2 > len(names) or is_value(pairs[0][1]):
        return True
    below = [is_value(value) for _, value in pairs[1:]]
    return any(below) and 2 * sum(below) <= len(below)


def _text(cell: Any) -> str:
    return "".join(piece.text or "" for piece in cell.iter(T)).strip()


def _is_bold(rows: list[list[Any]]) -> bool:
    """Whether the first row, and not the next, is in bold."""
    first, second = ([_all_bold(cell) for cell in cells] for cells in (rows * 2)[:2])
    return all(first) and not all(second)


def _all_bold(cell: Any) -> bool:
    runs = [run for run in cell.iter(_RUN) if run.find(T) is not None]
    return bool(runs) and all(is_on(run.find(_BOLD)) for run in runs)
