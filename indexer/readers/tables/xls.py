"""Excel workbooks of before 2007: each sheet a section, its cells as shown, hidden sheets last."""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import xlrd
from xlrd.compdoc import CompDoc

from indexer.readers.page import Page, Unreadable
from indexer.readers.tables.number_format import GENERAL, Language, show
from indexer.readers.tables.sheet import (
    Line,
    Merged,
    bounded,
    column_mark,
    named,
    noted,
    write,
)

MAX_MB = 100
_OLE = b"\xd0\xcf\x11\xe0"
_CYRILLIC = re.compile("[А-яЁё]")
_LONGEST = 255  # characters of a format
_BOLD = 600  # weight
_SEEN = 200  # rows of a sheet in which the language is seen


def read(path: Path) -> Iterator[Page]:
    """The sheets by name; macros are not run, links not followed, formulas not computed."""
    size = path.stat().st_size / 1e6
    if size > MAX_MB:
        raise Unreadable(f"too large for Excel: {size:.0f} MB, the limit is {MAX_MB} MB")
    content = path.read_bytes()
    _check(content)
    try:
        book = xlrd.open_workbook(
            file_contents=content, formatting_info=True, ragged_rows=True, logfile=io.StringIO()
        )
    except xlrd.XLRDError as error:
        if "encrypted" in str(error):
            raise Unreadable("encrypted: save a copy without a password") from None
        raise
    sheets = sorted(book.sheets(), key=lambda sheet: bool(sheet.visibility))
    texts = (text for sheet in sheets for text in chain((sheet.name,), _texts(sheet)))
    language = Language(any(map(_CYRILLIC.search, texts)))
    yield from bounded(page for sheet in sheets for page in _Reading(book, sheet, language).pages())


def _check(content: bytes) -> None:
    """Streams of few bytes whose sectors follow each other for ever would take any memory."""
    if not content.startswith(_OLE):
        return
    document = CompDoc(content, logfile=io.StringIO())
    for entry in document.dirlist:
        seen, at = set[int](), entry.first_SID
        while entry.tot_size < document.min_size_std_stream and 0 <= at < len(document.SSAT):
            if at in seen:
                raise Unreadable("damaged: its sectors follow each other for ever")
            seen.add(at)
            at = document.SSAT[at]


def _texts(sheet: Any) -> Iterator[str]:
    for at in range(min(sheet.nrows, _SEEN)):
        yield from (str(cell.value) for cell in sheet.row(at) if cell.ctype == xlrd.XL_CELL_TEXT)


class _Reading:
    """Goes through the rows of one sheet."""

    def __init__(self, book: Any, sheet: Any, language: Language) -> None:
        self._book, self._sheet, self._language = book, sheet, language
        self._hidden = bool(sheet.visibility)
        self._notes: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for (row, column), note in sorted(sheet.cell_note_map.items()):
            self._notes[row].append((column, note.text))
        self._merges: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        for top, bottom, left, right in sheet.merged_cells:
            self._merges[top].append((left + 1, right, bottom))

    def pages(self) -> Iterator[Page]:
        russian = self._language.russian
        sections = named(self._sheet.name, hidden=self._hidden, russian=russian)
        aside = {at + 1 for at, column in self._sheet.colinfo_map.items() if column.hidden}
        mark = column_mark(russian)
        yield from write(self._lines(), sections, hidden=self._hidden, aside=aside, mark=mark)
        for notes in self._notes.values():  # of empty cells
            for _, note in notes:
                sections.add(note, "furniture" if self._hidden else "note")
        yield from sections.take(last=True)

    def _lines(self) -> Iterator[Line]:
        merged = Merged()
        for at in range(self._sheet.nrows):
            line = self._line(at)
            if line.cells:
                merged.apply(line, self._merges.get(at, ()))
                yield line

    def _line(self, at: int) -> Line:
        cells, strong = {}, True
        for column, cell in enumerate(self._sheet.row(at), 1):
            if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
                continue
            style = self._book.xf_list[cell.xf_index]
            if text := self._text(cell, style).strip():
                cells[column] = text
                strong = strong and self._is_bold(style)
        found = self._notes.pop(at, []) if cells else []
        notes = tuple(noted(cells.get(column + 1, ""), note) for column, note in found)
        row = self._sheet.rowinfo_map.get(at)
        hidden = bool(row and row.hidden and not row.outline_level)
        return Line(at + 1, cells, strong=strong, hidden=hidden, notes=notes)

    def _is_bold(self, style: Any) -> bool:
        font = self._book.font_list[style.font_index]
        return bool(font.bold) or font.weight >= _BOLD

    def _text(self, cell: Any, style: Any) -> str:
        match cell.ctype:
            case xlrd.XL_CELL_NUMBER | xlrd.XL_CELL_DATE:
                return self._number(cell.value, style)
            case xlrd.XL_CELL_BOOLEAN:
                return self._language.boolean(bool(cell.value))
            case xlrd.XL_CELL_ERROR:
                return str(xlrd.error_text_from_code.get(cell.value, ""))
        return str(cell.value)

    def _number(self, value: float, style: Any) -> str:
        found = self._book.format_map.get(style.format_key)
        code = found.format_str[:_LONGEST] if found and found.format_str else GENERAL
        try:
            return show(value, code, self._language, since_1904=bool(self._book.datemode))
        except (ValueError, ArithmeticError):  # no format shows it
            return str(value)
