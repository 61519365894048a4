"""Tables in text files: values divided by commas, semicolons, tabs or bars."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import dropwhile, islice
from pathlib import Path
from typing import Literal, TextIO

from indexer.readers import text
from indexer.readers.letters.encoding import detect
from indexer.readers.page import Page
from indexer.readers.sections import Sections
from indexer.readers.tables.sheet import Line, write

DELIMITERS = "\t;|,"  # a comma may be a decimal one
SAMPLE_LINES = 100
REGULAR = 0.7  # of the lines have the same number of cells in a table
MAX_LINE = 1 << 22
MAX_CELL_LINES = 200  # of more, a quotation mark is one that no other ends
_QUOTINGS: tuple[Literal[0, 3], ...] = (csv.QUOTE_MINIMAL, csv.QUOTE_NONE)


@dataclass(frozen=True)
class _Form:
    delimiter: str
    quoting: Literal[0, 3]


def read(path: Path) -> Iterator[Page]:
    """The rows under their header; as plain text where the lines make no table."""
    encoding = detect(path)
    csv.field_size_limit(MAX_LINE)
    form = _form(path, encoding)
    if form is None:
        yield from text.read(path)
        return
    sections = Sections()
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        yield from write(_lines(file, form), sections, headed=True)
    yield from sections.take(last=True)


def _form(path: Path, encoding: str) -> _Form | None:
    """How the cells are divided; None for what is no table, or has lines of any length."""
    try:
        with path.open(encoding=encoding, errors="replace", newline="") as file:
            head = list(islice(_bounded(file), SAMPLE_LINES))
        declared = _declared(head[0]) if head else ""
        for form in _forms(declared or DELIMITERS):
            if _is_regular(head[bool(declared) :], form):
                with path.open(encoding=encoding, errors="replace", newline="") as file:
                    if _can_be_read(file, form):
                        return form
    except csv.Error:
        pass
    return None


def _forms(delimiters: str) -> Iterator[_Form]:
    """The likely ones first; last those where a quotation mark is a letter like others."""
    for quoting in _QUOTINGS:
        for delimiter in delimiters:
            yield _Form(delimiter, quoting)


def _declared(line: str) -> str:
    """The delimiter in a first line "sep=;", which is for Excel."""
    line = line.lstrip("\ufeff").strip("\r\n")
    return line[4] if len(line) == 5 and line.lower().startswith("sep=") else ""


def _records(lines: Iterable[str], form: _Form) -> Iterator[tuple[list[str], int]]:
    """The cells of each record, and on how many lines they stand."""
    records, before = csv.reader(lines, delimiter=form.delimiter, quoting=form.quoting), 0
    for record in records:
        yield record, records.line_num - before
        before = records.line_num


def _is_regular(head: list[str], form: _Form) -> bool:
    """Whether most lines have the same number of cells; one line with commas is a sentence."""
    records = (record for record, _ in _records(head, form))
    sizes = [len(record) for record in records if any(cell.strip() for cell in record)]
    sizes = list(dropwhile(lambda size: size == 1, sizes))  # titles
    if not sizes or (len(sizes) == 1 and form.delimiter == ","):
        return False
    size, count = Counter(sizes).most_common(1)[0]
    return size > 1 and count >= REGULAR * len(sizes)


def _can_be_read(file: TextIO, form: _Form) -> bool:
    """Whether every cell ends: a lone quotation mark swallows all that follows."""
    before = size = lines = 0
    try:
        for record, lines in _records(_bounded(file), form):
            if lines > MAX_CELL_LINES:
                return False
            before, size = size, len(record)
    except csv.Error:
        return False
    return lines < 2 or size >= before


def _lines(file: TextIO, form: _Form) -> Iterator[Line]:
    for number, (record, _) in enumerate(_records(file, form), 1):
        cells = {column: cell for column, cell in enumerate(record, 1) if cell.strip("\ufeff \t")}
        if cells and not (number == 1 and _declared(form.delimiter.join(record)[:6])):
            yield Line(number, cells)


def _bounded(file: TextIO) -> Iterator[str]:
    """The lines; csv.Error at one that is longer than any row."""
    while line := file.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE:
            raise csv.Error("a line without end")
        yield line
