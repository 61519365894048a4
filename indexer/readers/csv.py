"""Tables in text files: values divided by commas, semicolons, tabs or bars."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import dropwhile, islice
from pathlib import Path
from typing import Literal, TextIO

from indexer.readers import text
from indexer.readers.encoding import detect
from indexer.readers.page import Page
from indexer.readers.sections import Sections
from indexer.readers.sheet import Line, write

DELIMITERS = "\t;|,"  # a comma may be a decimal one
SAMPLE_LINES = 100
REGULAR = 0.7  # of the lines have the same number of cells in a table
MAX_LINE = 1 << 22
MAX_CELL_LINES = 200  # of more, a quotation mark is one that no other ends


@dataclass(frozen=True)
class _Form:
    delimiter: str
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL


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
        likely, head = (declared, head[1:]) if declared else (DELIMITERS, head)
        delimiter = next((each for each in likely if _is_regular(head, each)), None)
    except csv.Error:
        return None
    if delimiter is None:
        return None
    for form in (_Form(delimiter), _Form(delimiter, csv.QUOTE_NONE)):
        with path.open(encoding=encoding, errors="replace", newline="") as file:
            if _can_be_read(file, form):
                return form
    return None


def _declared(line: str) -> str:
    """The delimiter in a first line "sep=;", which is for Excel."""
    line = line.lstrip("\ufeff").strip("\r\n")
    return line[4] if len(line) == 5 and line.lower().startswith("sep=") else ""


def _is_regular(head: list[str], delimiter: str) -> bool:
    """Whether most lines have the same number of cells; one line with commas is a sentence."""
    records = csv.reader(head, delimiter=delimiter)
    sizes = [len(record) for record in records if any(cell.strip() for cell in record)]
    sizes = list(dropwhile(lambda size: size == 1, sizes))  # titles
    if not sizes or (len(sizes) == 1 and delimiter == ","):
        return False
    size, count = Counter(sizes).most_common(1)[0]
    return size > 1 and count >= REGULAR * len(sizes)


def _can_be_read(file: TextIO, form: _Form) -> bool:
    """Whether every cell ends: a lone quotation mark swallows all that follows."""
    records = csv.reader(_bounded(file), delimiter=form.delimiter, quoting=form.quoting)
    before = 0
    try:
        for _ in records:
            if records.line_num - before > MAX_CELL_LINES:
                return False
            before = records.line_num
    except csv.Error:
        return False
    return True


def _lines(file: TextIO, form: _Form) -> Iterator[Line]:
    records = csv.reader(file, delimiter=form.delimiter, quoting=form.quoting)
    for number, record in enumerate(records, 1):
        cells = {column: cell for column, cell in enumerate(record, 1) if cell.strip("\ufeff \t")}
        if cells and not (number == 1 and _declared(form.delimiter.join(record)[:6])):
            yield Line(number, cells)


def _bounded(file: TextIO) -> Iterator[str]:
    """The lines; csv.Error at one that is longer than any row."""
    while line := file.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE:
            raise csv.Error("a line without end")
        yield line
