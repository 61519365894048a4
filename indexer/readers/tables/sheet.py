"""The lines of a sheet as blocks: titles, tables under their headers, pairs of name and value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field, replace
from itertools import chain, groupby, islice, pairwise

from indexer.readers.page import Kind, Page, Table, Unreadable, row
from indexer.readers.sections import Sections

LOOK_AHEAD = 24  # lines by which a table is known
HEADER_WITHIN = 10
MAX_HEADER_ROWS = 4
LONG = 150  # characters; no name of a column
MAX_TEXT_MB = 100  # of text in a workbook, in characters
NOTED = 80  # characters of a cell before its comment

_UNITS = r"(?:₽|\$|€|£|%|руб\.?|р\.|коп\.?|rub|usd|eur)"
_NUMBER = re.compile(rf"{_UNITS}?\s*[-+−(]?\s*[\d\s.,'’]*\d\)?(?:e[+-]\d+)?\s*{_UNITS}?", re.I)
_YEAR = re.compile(r"(?:19|20)\d\d(?:[/–-](?:19|20)?\d\d)?(?:\s*(?:гг?\.?|год))?")
_DATE = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d{2}-\d{2}")
_DIGITS = re.compile(r"(?=.*\d)[^\W\d_]{0,2}[^A-Za-zА-яЁё]*")  # times, phones, "А-12"
_WORDS = frozenset(("истина", "ложь", "true", "false", "да", "нет", "yes", "no"))


@dataclass
class Line:
    """The filled cells of a row by column, both from 1, as texts.

    `spans`: the last column of merged cells; `below`: the last row of those that begin here.
    """

    number: int
    cells: dict[int, str]
    spans: dict[int, int] = field(default_factory=dict)
    below: int = 0
    strong: bool = False  # all its cells are bold
    hidden: bool = False
    notes: tuple[str, ...] = ()


class Merged:
    """Merged cells that reach down to the lines below."""

    def __init__(self) -> None:
        self._covering: list[tuple[int, int, int, str]] = []  # column, last one, last row, text

    def apply(self, line: Line, begin: Iterable[tuple[int, int, int]]) -> None:
        """Note how far those that `begin` here reach, and take over those from above.

        `begin`: column, last column, last row.
        """
        self._covering = [each for each in self._covering if each[2] >= line.number]
        for column, last, _, text in self._covering:
            if line.cells.setdefault(column, text) == text and last > column:
                line.spans[column] = last
        for column, last, last_row in begin:
            if column in line.cells and last > column:
                line.spans[column] = last
            if column in line.cells and last_row > line.number:
                self._covering.append((column, last, last_row, line.cells[column]))
        line.below = max((each[2] for each in self._covering), default=0)
        line.cells = dict(sorted(line.cells.items()))


def named(name: str, *, hidden: bool, russian: bool) -> Sections:
    """The sections of a sheet, under its name."""
    sections = Sections()
    mark = ("(hidden sheet)", "(скрытый лист)")[russian] if hidden else ""
    sections.heading(1, f"{name} {mark}", seen=False)
    return sections


def column_mark(russian: bool) -> str:
    """What is said beside the name of a hidden column."""
    return ("(hidden column)", "(скрытый столбец)")[russian]


def noted(cell: str, note: str) -> str:
    """A comment with the cell that it is on, where that is short."""
    return f"{cell}: {note}" if 0 < len(cell) <= NOTED else note


def bounded(pages: Iterator[Page]) -> Iterator[Page]:
    """Any number of cells may share one long text: a small file is then endless."""
    left = MAX_TEXT_MB * 1_000_000
    for page in pages:
        left -= len(page.text)
        if left < 0:
            raise Unreadable(f"too large: more than {MAX_TEXT_MB} MB of text")
        yield page


def write(
    lines: Iterable[Line],
    sections: Sections,
    *,
    headed: bool = False,
    hidden: bool = False,
    aside: Set[int] = frozenset(),
    mark: str = "",
) -> Iterator[Page]:
    """Pages of the lines; empty lines, which are left out of `lines`, divide tables.

    `headed`: a first line of texts names the columns, even two. What is hidden becomes furniture;
    hidden columns (`aside`) stand last, with the mark beside their names.
    """
    writer = _Writer(sections, headed, hidden, aside, mark)
    for _, region in groupby(lines, _Gaps()):
        for line in writer.region(region):
            writer.notes(line)
            yield from sections.take()


def names_columns(rows: list[list[str]], strong: list[bool]) -> bool:
    """Whether the first row of a table names its columns: it alone is bold, or of other values.

    `strong`: whether all cells of the row are bold.
    """
    window = [
        Line(number, {at: text for at, text in enumerate(cells) if text.strip()}, strong=bold)
        for number, (cells, bold) in enumerate(zip(rows, strong, strict=True))
    ]
    found = _Writer(Sections(), False, False, frozenset(), "").find_header(window)
    return found == (0, 1) and _stands_out(window, *found)


def head(lines: list[Line]) -> list[Line]:
    """Those that name the columns of a table, with the titles above them."""
    writer = _Writer(Sections(), False, False, frozenset(), "")
    start, stop = writer.find_header(lines[:LOOK_AHEAD])
    return lines[:stop] if start < stop else []


class _Gaps:
    """Numbers the regions between empty lines; what a merged cell covers is not empty."""

    def __init__(self) -> None:
        self._count = self._next = 0

    def __call__(self, line: Line) -> int:
        if line.number > self._next:
            self._count += 1
        self._next = max(self._next, line.number + 1, line.below + 1)
        return self._count


class _Writer:
    def __init__(
        self, sections: Sections, headed: bool, hidden: bool, aside: Set[int], mark: str
    ) -> None:
        self._sections, self._headed, self._hidden = sections, headed, hidden
        self._aside, self._mark = aside, mark
        self._columns: list[int] = []  # of the table above, as is its header
        self._header = ""
        self._above = ""  # a line by itself above the next table: its name

    def region(self, lines: Iterator[Line]) -> Iterator[Line]:
        """Write the lines up to the next empty one; hands each back when it is written."""
        window = list(islice(lines, LOOK_AHEAD))
        start, stop = self.find_header(window)
        columns = sorted({column for line in window[start:] for column in line.cells})
        columns.sort(key=self._aside.__contains__)
        title = self._titles(window[:start])
        yield from window[:start]
        body = chain(window[stop:], lines)
        if start == stop and self._are_pairs(window[start:], columns):
            yield from self._pairs(title, body)
        elif len(columns) == 1:
            yield from self._column(title, body)
        else:
            yield from self._table(title, window[start:stop], columns, body)

    def notes(self, line: Line) -> None:
        for note in line.notes:
            self._add(note, "note", hidden=line.hidden)

    def _add(
        self, text: str, kind: Kind, *, table: Table | None = None, hidden: bool = False
    ) -> None:
        furniture = self._hidden or hidden
        self._sections.add(text, "furniture" if furniture else kind, table=table)

    def find_header(self, window: list[Line]) -> tuple[int, int]:
        """Which lines name the columns: window[start:stop]; what is before are titles."""
        start, stop = _header(window)
        if start < stop and (self._goes_on(window, start, stop) or not self._is_header(window)):
            stop = start
        return start, stop

    def _goes_on(self, window: list[Line], start: int, stop: int) -> bool:
        """Whether an empty line only parts the rows of the table above."""
        columns = {column for line in window[start:] for column in line.cells}
        known = bool(self._header) and columns <= set(self._columns)
        again = row(_names(window[start:stop], self._columns)) == self._header
        return known and not again and not _stands_out(window, start, stop)

    def _is_header(self, window: list[Line]) -> bool:
        """Whether the first of two columns of texts names them, or has the first pair."""
        start, stop = _header(window)
        pairs = [line for line in window[start:] if len(line.cells) == 2]
        columns = {column for line in window[start:] for column in line.cells}
        if self._headed or len(columns) > 2 or _is_strong(window, start, stop):
            return True
        if any(_first(line).endswith((":", "：")) for line in pairs) or len(pairs) < 3:
            return False
        kinds = {_kind(_last(line)) for line in pairs[1:]}
        return len(kinds) == 1 and kinds != {""}

    def _are_pairs(self, window: list[Line], columns: list[int]) -> bool:
        names = [_first(line) for line in window if len(line.cells) == 2]
        return (
            len(columns) == 2
            and bool(names)
            and not (self._header and columns == self._columns)
            and all(_kind(name) == "" for name in names)
            and 2 * len(set(names)) > len(names)
        )

    def _titles(self, lines: list[Line]) -> str:
        """Write what stands above a table; the lines of one cell are its name."""
        names = [_first(line) for line in lines if len(line.cells) == 1]
        for line in lines:
            if len(line.cells) == 2:
                self._pair(line)
            elif len(line.cells) > 2:
                self._add(_joined(line), "paragraph", hidden=line.hidden)
        if len(" — ".join(names)) > LONG:
            for name in names[:-1]:
                self._add(name, "paragraph")
            names = names[-1:]
        return " ".join(" — ".join(names).split())

    def _pairs(self, title: str, lines: Iterable[Line]) -> Iterator[Line]:
        self._add(title, "paragraph")
        self._header = ""
        for line in lines:
            if len(line.cells) == 2:
                self._pair(line)
            else:
                self._add(_joined(line), "paragraph", hidden=line.hidden)
            yield line

    def _pair(self, line: Line) -> None:
        for text, kind in pair(*line.cells.values()):
            self._add(text, kind, hidden=line.hidden)

    def _column(self, title: str, lines: Iterable[Line]) -> Iterator[Line]:
        self._add(title, "paragraph")
        for at, line in enumerate(lines):
            text = _joined(line)
            self._add(text, "paragraph", hidden=line.hidden)
            alone = not at and len(text) <= LONG and not text.endswith(".")
            self._above = text if alone else ""
            yield line

    def _table(
        self, title: str, head: list[Line], columns: list[int], body: Iterable[Line]
    ) -> Iterator[Line]:
        if head:
            names = _names(head, columns)
            self._header = row([
                f"{name} {self._mark}" if column in self._aside else name
                for column, name in zip(columns, names, strict=True)
            ])  # fmt: skip
        elif self._header and set(columns) <= set(self._columns):
            columns = self._columns
        else:
            self._header = ""
        self._columns = columns
        table = Table(title or " ".join(self._above.split()), self._header)
        self._above = ""
        self._add(title, "caption", table=table)
        if head:
            self._add(self._header, "row", table=table)
        yield from head
        yield from self._rows(table, body)

    def _rows(self, table: Table, body: Iterable[Line]) -> Iterator[Line]:
        """A cell merged over the table names the rows below it; after the last row, it is text."""
        group: Line | None = None
        for line in body:
            if group:
                name = _joined(group)
                table = replace(table, name=name)
                self._add(name, "caption", table=table, hidden=group.hidden)
                yield group
            group = line if len(line.cells) == 1 and line.spans else None
            if not group:
                self._add(_row(line, self._columns), "row", table=table, hidden=line.hidden)
                yield line
        if group:
            self._add(_joined(group), "paragraph", hidden=group.hidden)
            yield group


def pair(name: str, value: str) -> Iterator[tuple[str, Kind]]:
    """A name with its value as a field; a question with its answer as these."""
    name, value = " ".join(name.split()), " ".join(value.split())
    if name.endswith("?"):
        yield name, "question"
        yield value, "answer"
    else:
        yield f"{name.rstrip(' :：')}: {value}", "field"


def is_value(text: str) -> bool:
    """Whether this is a number, a date, a phone and the like, and not words."""
    return bool(_kind(text))


def _kind(text: str) -> str:
    """What sort of value this is, "" for words."""
    text = text.strip()
    if len(text) > LONG:
        return ""
    if _YEAR.fullmatch(text):
        return "year"
    if _DATE.fullmatch(text):
        return "date"
    if _NUMBER.fullmatch(text):
        return "number"
    if text.lower() in _WORDS:
        return "truth"
    return "value" if "@" in text or _DIGITS.fullmatch(text) else ""


def _are_names(line: Line, below: Line) -> bool:
    """Whether these are names of columns: words; years and dates where below is something else."""
    kinds = {column: _kind(text) for column, text in line.cells.items()}
    numbers = [line.cells[column] for column, kind in kinds.items() if kind == "number"]
    return "" in kinds.values() and all(
        len(line.cells[column]) <= LONG
        and (
            not kind
            or (kind in ("year", "date") and kind != _kind(below.cells.get(column, "")))
            or (kind == "number" and _count_on(numbers))
        )
        for column, kind in kinds.items()
    )


def _count_on(numbers: list[str]) -> bool:
    """Whether these are the days of a month, or the like."""
    first = numbers[0]
    return (
        len(numbers) > 2
        and first.isdecimal()
        and all(number == str(int(first) + at) for at, number in enumerate(numbers))
    )


def _header(window: list[Line]) -> tuple[int, int]:
    """The lines that may name the columns, below lines with fewer cells."""
    widest = max((len(line.cells) for line in window), default=0)
    most = 0
    for at, line in enumerate(window[:HEADER_WITHIN]):
        size = _width(line)
        if len(line.cells) > 1 and size >= 0.6 * widest:
            if _is_above_header(window, at):
                continue
            if most < size and at + 1 < len(window) and _are_names(line, window[at + 1]):
                return _upper(window, at), _depth(window, at)
            if not most:
                return at, at
        most = max(most, len(line.cells) if len(line.cells) > 1 else 0)
    titles = 0
    while titles < len(window) and len(window[titles].cells) == 1 < widest:
        titles += 1
    return titles, titles


def _width(line: Line) -> int:
    """How many columns are filled, with merged cells in their whole width."""
    return sum(line.spans.get(column, column) - column + 1 for column in line.cells)


def _is_above_header(window: list[Line], at: int) -> bool:
    """Whether the next line has names for these columns and others: "Дата | 01.02.2026"."""
    if at + 2 >= len(window) or window[at].spans:
        return False
    line, after = window[at], window[at + 1]
    return (
        _upper(window, at + 1) > at
        and line.cells.keys() < after.cells.keys()
        and _are_names(after, window[at + 2])
    )


def _upper(window: list[Line], at: int) -> int:
    """Where the header begins: a line above with heads of several columns each belongs to it."""
    if at and len(window[at - 1].cells) > 1 and _are_names(window[at - 1], window[at]):
        columns = sorted(window[at - 1].cells)
        if all(right - left > 1 for left, right in pairwise(columns)):
            return at - 1
    return at


def _depth(window: list[Line], at: int) -> int:
    """Where the header that goes on at this line ends."""
    stop = at + 1
    while stop < min(len(window) - 1, at + MAX_HEADER_ROWS):
        line, upper = window[stop], window[stop - 1]
        covered = line.number <= upper.below
        heads = any(upper.cells.keys() & upper.spans.keys()) and _are_names(line, window[stop + 1])
        if not (covered or heads or _fills_gaps(upper, line, window[stop + 1])):
            break
        stop += 1
    return stop


def _fills_gaps(upper: Line, line: Line, below: Line) -> bool:
    """Whether a line has the names that the upper one lacks: merged heads whose merging is lost."""
    return (
        bool(line.cells.keys() - upper.cells.keys())
        and bool(upper.cells.keys() - line.cells.keys())
        and _are_names(line, below)
        and any(_kind(below.cells.get(column, "")) for column in line.cells)
    )


def _is_strong(window: list[Line], start: int, stop: int) -> bool:
    return window[start].strong and stop < len(window) and not window[stop].strong


def _stands_out(window: list[Line], start: int, stop: int) -> bool:
    """Whether these lines differ from those below as a header does."""
    if start or stop > start + 1 or _is_strong(window, start, stop):
        return True
    return any(
        not _kind(text) and all(_kind(line.cells.get(column, "0")) for line in window[stop:])
        for column, text in window[start].cells.items()
    )


def _names(head: list[Line], columns: list[int]) -> list[str]:
    """The name of each column, from the lines of a header: "2024 год / План"."""
    levels = [_spread(line, columns, head[i + 1 :]) for i, line in enumerate(head)]
    return [
        " / ".join(dict.fromkeys(level[column] for level in levels if column in level))
        for column in columns
    ]


def _spread(line: Line, columns: list[int], lower: list[Line]) -> dict[int, str]:
    """The heads by column, repeated as far as they are merged, or as far as names stand below."""
    spread = dict(line.cells)
    for column, last in line.spans.items():
        for covered in columns:
            if column < covered <= last and column in line.cells:
                spread[covered] = line.cells[column]
    if line.spans or not lower:
        return spread
    head = None
    for column in sorted(columns):
        if column in line.cells:
            head = line.cells[column] if column in lower[0].cells else None
        elif head and column in lower[0].cells:
            spread[column] = head
    return spread


def _row(line: Line, columns: list[int]) -> str:
    """The cells below their names; those without one stand at the end."""
    cells = [line.cells.get(column, "") for column in columns]
    if len(line.cells) > len(cells) - cells.count(""):
        known = set(columns)
        cells += [text for column, text in sorted(line.cells.items()) if column not in known]
    while cells and not cells[-1]:
        cells.pop()
    return row(cells)


def _first(line: Line) -> str:
    return next(iter(line.cells.values()))


def _last(line: Line) -> str:
    return next(reversed(line.cells.values()))


def _joined(line: Line) -> str:
    return next(iter(line.cells.values())) if len(line.cells) == 1 else row([*line.cells.values()])
