"""OpenDocument spreadsheets: each sheet a section, its cells as shown, hidden sheets last."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, groupby
from typing import Any

from indexer.readers.archive import GOES_ON
from indexer.readers.odf.document import Document, n
from indexer.readers.odf.runs import REMARK, H, P, is_drawing
from indexer.readers.odf.story import TABLE, Story
from indexer.readers.odf.tables import rows_of
from indexer.readers.page import Page
from indexer.readers.sections import Sections
from indexer.readers.tables.number_format import Language, plain
from indexer.readers.tables.sheet import (
    Line,
    Merged,
    bounded,
    column_mark,
    named,
    noted,
    write,
)
from indexer.readers.word.names import number

MOST_COLUMNS = 1 << 14
MOST_REPEATED = 256  # cells of a row, or rows, that stand once in the file with a number of times

_CELL, _COVERED, _COLUMN = map(
    n, ("table:table-cell", "table:covered-table-cell", "table:table-column")
)
_TIMES, _ROWS, _SHOWN = map(
    n, ("table:number-columns-repeated", "table:number-rows-repeated", "table:visibility")
)
_WIDE, _TALL = map(n, ("table:number-columns-spanned", "table:number-rows-spanned"))
_CYRILLIC = re.compile("[А-яЁё]")
_HEAD = 1 << 20  # bytes in which the language is seen
_LENGTH = re.compile(r"PT(\d+)H(\d+)M")


def pages(document: Document) -> Iterator[Page]:
    """The sheets by name; links are not followed, formulas not computed."""
    russian = bool(_CYRILLIC.search(document.content[:_HEAD].decode("utf-8", "replace")))
    yield from bounded(_sheets(document, Language(russian), hidden=False))
    if b':display="false"' in document.content or document.package:
        yield from bounded(_sheets(document, Language(russian), hidden=True))


def _sheets(document: Document, language: Language, *, hidden: bool) -> Iterator[Page]:
    """Those that are hidden, or those that are not; a long sheet comes in parts."""
    story: Story | None = None
    tables = (each for each in document.body(TABLE) if each.tag == TABLE)
    for _, parts in groupby(tables, _Sheets()):
        first = next(parts)
        if story is None:
            story = Story(document, document.styles(first), Sections())
        if story.styles.is_shown(first) != hidden:
            yield from _Reading(story, language, hidden).pages(first, parts)  # noqa: B031


class _Sheets:
    """Numbers the sheets by their parts."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, table: Any) -> int:
        self._count += GOES_ON not in table.attrib
        return self._count


class _Reading:
    """Goes through the rows of one sheet."""

    def __init__(self, story: Story, language: Language, hidden: bool) -> None:
        self._runs, self._styles, self._story = story.runs, story.styles, story
        self._language, self._hidden = language, hidden
        self._aside: set[int] = set()
        self._boxes: list[str] = []
        self._number = 0

    def pages(self, first: Any, parts: Iterator[Any]) -> Iterator[Page]:
        name, russian = first.get(n("table:name"), ""), self._language.russian
        sections = named(name, hidden=self._hidden, russian=russian)
        for shapes in first.iterchildren(n("table:shapes")):
            self._boxes += map(self._story.all_text, shapes)
        self._columns(first)
        lines, mark = self._lines(first, parts), column_mark(russian)
        yield from write(lines, sections, hidden=self._hidden, aside=self._aside, mark=mark)
        for text in self._boxes:
            sections.add(text, "furniture" if self._hidden else "paragraph")
        yield from sections.take(last=True)

    def _columns(self, table: Any) -> None:
        """Note the hidden ones."""
        at = 1
        for each in table.iter(_COLUMN):
            times = max(1, min(number(each.get(_TIMES), 1), MOST_COLUMNS))
            if each.get(_SHOWN) == "collapse":
                self._aside.update(range(at, min(at + times, MOST_COLUMNS)))
            at += times
            if at > MOST_COLUMNS:
                break

    def _lines(self, first: Any, parts: Iterator[Any]) -> Iterator[Line]:
        merged = Merged()
        for part in chain((first,), parts):
            yield from self._part(part, merged)

    def _part(self, table: Any, merged: Merged) -> Iterator[Line]:
        for row, _ in rows_of(table):
            times = max(1, number(row.get(_ROWS), 1))
            line, begin = self._line(row)
            for at in range(min(times, MOST_REPEATED) if line.cells else 0):
                again = Line(
                    self._number + 1 + at, dict(line.cells), strong=line.strong,
                    hidden=line.hidden, notes=line.notes if not at else (),
                )  # fmt: skip
                merged.apply(
                    again, ((left, right, self._number + tall) for left, right, tall in begin)
                )
                yield again
            self._number += times

    def _line(self, row: Any) -> tuple[Line, list[tuple[int, int, int]]]:
        """A row, and where merged cells begin: column, last column, rows."""
        line, begin, column = Line(0, {}, strong=True), [], 1
        line.hidden = row.get(_SHOWN) == "collapse"
        for cell in row.iterchildren(_CELL, _COVERED):
            times = max(1, min(number(cell.get(_TIMES), 1), MOST_COLUMNS))
            text = self._text(cell) if cell.tag == _CELL and len(cell.attrib) + len(cell) else ""
            notes = [noted(text, self._story.all_text(each)) for each in cell.iterchildren(REMARK)]
            line.notes += tuple(notes)
            if text.strip() and column <= MOST_COLUMNS:
                line.strong = line.strong and self._is_bold
                for at in range(column, column + min(times, MOST_REPEATED)):
                    line.cells[at] = text
                wide, tall = number(cell.get(_WIDE), 1), number(cell.get(_TALL), 1)
                if max(wide, tall) > 1:
                    begin.append((column, min(column + wide - 1, MOST_COLUMNS), tall))
            column += times
        return line, begin

    def _text(self, cell: Any) -> str:
        texts, bold = [], []
        style = self._styles.cell(cell.get(n("table:style-name")))
        for each in cell:
            if each.tag in (P, H):
                texts.append(self._runs.text(each))
                bold.append(self._runs.bold or bool(style.bold))
            elif is_drawing(each):
                self._boxes.append(self._story.all_text(each))
        self._boxes += [
            self._story.all_text(each) for each in self._runs.take() if is_drawing(each)
        ]
        self._is_bold = all(bold)
        return "\n".join(texts) if texts else self._value(cell)

    def _value(self, cell: Any) -> str:
        """The value of a cell whose text the program that wrote it left out."""
        told = {str(key).rpartition("}")[2]: str(value) for key, value in cell.attrib.items()}
        get = told.get
        with suppress(ValueError, OverflowError):
            match get("value-type"):
                case "percentage":
                    return f"{plain(float(get('value', '0')) * 100, self._language)} %"
                case "float" | "currency":
                    text = plain(float(get("value", "0")), self._language)
                    return f"{text} {get('currency', '')}".strip()
                case "date":
                    return get("date-value", "").replace("T", " ")
                case "time":
                    return _LENGTH.sub(r"\1:\2:", get("time-value", "")).rstrip(":S")
                case "boolean":
                    return self._language.boolean(get("boolean-value") == "true")
        return get("string-value") or get("value") or ""
