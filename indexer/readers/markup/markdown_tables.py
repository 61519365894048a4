"""Tables that are drawn with dashes, as pandoc writes them, to tables that Markdown knows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from indexer.readers.page import row

_RULER = re.compile(r" {0,3}-{2,}(?: +-{2,})+ *")  # under the names of columns
_LINE = re.compile(r" {0,3}-{3,} *")  # above and below a table with rows of several lines
_GRID = re.compile(r" {0,3}\+(?:[-=:]+\+){2,} *")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_NAME = re.compile(r" {0,3}(?:[Tt]able)?: +")
_DASHES = re.compile("-+")
_MOST_LINES = 12  # of names of columns


def with_pipes(text: str) -> str:
    """The text with its drawn tables as rows between pipes; code stays as it is."""
    if "--" not in text:
        return text
    return "\n".join(_Drawn(text.split("\n")).lines())


class _Drawn:
    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._out: list[str] = []
        self._at = 0

    def lines(self) -> list[str]:
        fence = ""
        while self._at < len(self._lines):
            line = self._lines[self._at]
            found = _FENCE.match(line)
            if found and (not fence or found[1].startswith(fence)):
                fence = "" if fence else found[1]
            if fence or not (_GRID.fullmatch(line) or _RULER.fullmatch(line)):
                self._out.append(line)
                self._at += 1
            elif "+" in line:
                self._grid()
            else:
                self._columns([found.span() for found in _DASHES.finditer(line)])
        return self._out

    def _columns(self, spans: list[tuple[int, int]]) -> None:
        """A table whose columns stand below the dashes of a ruler, from its names on."""
        names = self._names()
        open_line = bool(names) and len(self._out) > len(names) and _is_line(self._out, names)
        stop = self._end(open_line)
        rows = list(_rows(self._lines[self._at + 1 : stop], open_line))
        if not names or not rows or (len(names) > 1 and not open_line):
            self._out.append(self._lines[self._at])
            self._at += 1
            return
        del self._out[-len(names) - open_line :]
        starts = [0, *(start for start, _ in spans[1:])]
        self._at = stop + (stop < len(self._lines) and bool(self._lines[stop].strip()))
        self._add([_cells(lines, starts) for lines in (names, *rows)])

    def _names(self) -> list[str]:
        """The lines right above the ruler, which name the columns."""
        names: list[str] = []
        for line in reversed(self._out[-_MOST_LINES:]):
            if not line.strip() or _LINE.fullmatch(line):
                break
            names.insert(0, line)
        return names

    def _end(self, open_line: bool) -> int:
        """The line after the last row: the first empty one, or the one that closes the table."""
        for at in range(self._at + 1, len(self._lines)):
            line = self._lines[at]
            if _LINE.fullmatch(line) or _RULER.fullmatch(line):
                return at
            if not line.strip() and not open_line:
                return at
        return self._at + 1 if open_line else len(self._lines)

    def _grid(self) -> None:
        """A table with borders all around."""
        start = self._at
        while self._at < len(self._lines) and self._lines[self._at].strip()[:1] in ("+", "|"):
            self._at += 1
        borders = [found.start() + 1 for found in re.finditer(r"\+", self._lines[start])][:-1]
        rows, lines = list[list[str]](), list[str]()
        for line in self._lines[start : self._at]:
            if _GRID.fullmatch(line):
                rows += [_cells(lines, borders)] if lines else []
                lines = []
            else:
                lines.append(line)
        self._add(rows)

    def _add(self, rows: list[list[str]]) -> None:
        if not rows:
            return
        ruler = ["---"] * len(rows[0])
        lines = [f"| {row(cells)} |" for cells in (rows[0], ruler, *rows[1:])]
        self._out += [*self._name(), "", *lines, ""]

    def _name(self) -> list[str]:
        """The name of the table, which stands below it."""
        at = self._at
        while at < len(self._lines) and not self._lines[at].strip():
            at += 1
        found = _NAME.match(self._lines[at]) if at < len(self._lines) else None
        if not found:
            return []
        self._at = at + 1
        return ["", self._lines[at][found.end() :]]


def _is_line(out: list[str], names: list[str]) -> bool:
    return _LINE.fullmatch(out[-len(names) - 1]) is not None


def _rows(lines: list[str], parted: bool) -> Iterator[list[str]]:
    """The lines of each row: one, or those up to an empty line."""
    if not parted:
        yield from ([line] for line in lines)
        return
    open_row: list[str] = []
    for line in (*lines, ""):
        if line.strip():
            open_row.append(line)
        elif open_row:
            yield open_row
            open_row = []


def _cells(lines: list[str], starts: list[int]) -> list[str]:
    """The words of each column, from all lines of a row."""
    stops = [*starts[1:], None]
    return [
        " ".join(line[start:stop].strip(" |") for line in lines).strip()
        for start, stop in zip(starts, stops, strict=True)
    ]
