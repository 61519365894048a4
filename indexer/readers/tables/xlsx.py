"""Excel workbooks: each sheet a section, its cells as a person sees them, hidden sheets last."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from indexer.readers.archive import Office, opened
from indexer.readers.page import Page
from indexer.readers.tables.number_format import GENERAL, show, show_moment
from indexer.readers.tables.sheet import Line, Merged, bounded, column_mark, named, noted, write
from indexer.readers.tables.xlsx_book import Book, Sheet, Style, text_of, unescape

EXCEL = Office("Excel", most_xml_mb=48, streamed="/worksheets/sheet")

_ROWS_END = re.compile(rb"</(?:\w+:)?sheetData\s*>")
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_FILTER = re.compile(rb"<(?:\w+:)?filterColumn\b")
_NO = (None, "0", "false")
_NAMED = 5  # cells without a value


def read(path: Path) -> Iterator[Page]:
    """The sheets by name; macros are not run, links not followed, formulas not computed."""
    with opened(path, EXCEL) as package:
        book = Book(package)
        yield from bounded(
            page
            for sheet in sorted(book.sheets, key=lambda sheet: sheet.hidden)
            for page in _Reading(book, sheet).pages()
        )


class _Reading:
    """Goes through the rows of one sheet."""

    def __init__(self, book: Book, sheet: Sheet) -> None:
        self._book, self._sheet = book, sheet
        self._shown = lru_cache(maxsize=1 << 14)(self._show)
        self._merges, self._filtered = _after_rows(book, sheet)
        self._merged = Merged()
        self._notes: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for cell, notes in book.notes(sheet).items():
            letters = cell.rstrip("0123456789")
            place = int(cell[len(letters) :] or 0), _column(letters)
            self._notes[place[0]] += [(place[1], note) for note in notes]
        self._hidden_columns: set[int] = set()
        self._not_computed: list[str] = []

    def pages(self) -> Iterator[Page]:
        hidden, russian = self._sheet.hidden, self._book.language.russian
        sections = named(self._sheet.name, hidden=hidden, russian=russian)
        lines, mark = self._lines(), column_mark(russian)
        yield from write(lines, sections, hidden=hidden, aside=self._hidden_columns, mark=mark)
        for notes in self._notes.values():  # of empty cells
            for _, note in notes:
                sections.add(note, "furniture" if hidden else "note")
        for text in self._book.boxes(self._sheet):
            sections.add(text, "furniture" if hidden else "paragraph")
        if self._not_computed:
            sections.add(self._about_formulas(), "furniture" if hidden else "note")
        yield from sections.take(last=True)

    def _about_formulas(self) -> str:
        cells, count = ", ".join(self._not_computed[:_NAMED]), len(self._not_computed)
        cells += "…" * (count > _NAMED)
        if self._book.language.russian:
            return f"В файле нет значений формул, они не вычислены: {count} ({cells})"
        return f"The file has no values of formulas, they are not computed: {count} ({cells})"

    def _lines(self) -> Iterator[Line]:
        number = 0
        for element in self._book.rows(self._sheet):
            if element.tag.endswith("}col"):
                if element.get("hidden") not in _NO:
                    last = min(int(element.get("max")), 1 << 14)
                    self._hidden_columns.update(range(int(element.get("min")), last + 1))
                continue
            number = int(element.get("r", number + 1))
            line = self._line(number, element)
            if line.cells:
                self._merged.apply(line, self._merges.get(number, ()))
                yield line

    def _line(self, number: int, element: Any) -> Line:
        cells, strong, column = {}, True, 0
        for cell in element.iterchildren("{*}c"):
            place = cell.get("r")
            column = _column(place.rstrip("0123456789")) if place else column + 1
            style = self._style(cell)
            text = self._text(cell, style)
            if text.strip():
                cells[column] = text
                strong = strong and style.bold
        folded = self._filtered or element.get("outlineLevel") not in _NO
        hidden = element.get("hidden") not in _NO and not folded
        notes = tuple(
            noted(cells.get(column, ""), note)
            for column, note in (self._notes.pop(number, []) if cells else [])
        )
        return Line(number, cells, strong=strong, hidden=hidden, notes=notes)

    def _style(self, cell: Any) -> Style:
        index = int(cell.get("s") or 0)
        return self._book.styles[index] if index < len(self._book.styles) else Style()

    def _text(self, cell: Any, style: Style) -> str:
        kind, value, formula = cell.get("t", "n"), None, False
        for child in cell:
            if child.tag.endswith("}v"):
                value = child.text or ""
            elif child.tag.endswith("}f"):
                formula = True
            elif child.tag.endswith("}is"):
                return text_of(child)
        if not value:
            if formula and kind != "str":  # whose value may be an empty text
                self._not_computed.append(cell.get("r", "?"))
            return ""
        if kind == "s":
            return self._book.strings[int(value)]
        return self._shown(kind, value, style.code)

    def _show(self, kind: str, value: str, code: str) -> str:
        try:
            return self._as_shown(kind, value, code)
        except (ValueError, ArithmeticError):  # no number, or one that no format shows
            return value

    def _as_shown(self, kind: str, value: str, code: str) -> str:
        book = self._book
        match kind:
            case "n":
                if code == GENERAL and value.isdigit() and len(value) < 15:
                    return value
                return show(float(value), code, book.language, since_1904=book.since_1904)
            case "b":
                return book.language.boolean(value not in _NO)
            case "d" if value[:4].isdigit():  # not a time alone
                return show_moment(datetime.fromisoformat(value), code, book.language)
        return unescape(value)


@lru_cache(maxsize=1 << 14)
def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _after_rows(book: Book, sheet: Sheet) -> tuple[dict[int, list[tuple[int, int, int]]], bool]:
    """Merged cells by first row: column, last column, last row; and whether rows are filtered.

    They stand behind the rows, where a parser would come too late.
    """
    tail, found = b"", None
    with book.package.open(sheet.part) as file:
        while block := file.read(1 << 20):
            tail += block
            if not found:
                found = _ROWS_END.search(tail)
                tail = tail[found.end() :] if found else tail[-100:]
    merges = defaultdict(list)
    for match in _MERGE.finditer(tail):
        left, top, right, bottom = (group.decode() for group in match.groups())
        merges[int(top)].append((_column(left), _column(right), int(bottom)))
    return merges, bool(_FILTER.search(tail))
