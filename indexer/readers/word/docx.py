"""Word documents: paragraphs and tables in order, by heading, with page numbers where known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from indexer.readers.archive import GOES_ON, Office, Package, children, opened
from indexer.readers.letters.clean import clean
from indexer.readers.page import FIGURE, TABLE_NAME, Kind, Page, Table, row
from indexer.readers.sections import Sections
from indexer.readers.tables.sheet import pair
from indexer.readers.word import tables
from indexer.readers.word.forms import is_form
from indexer.readers.word.names import (
    PPR,
    SDT,
    SKIPPED,
    TBL,
    TC,
    TR,
    P,
    child,
    is_on,
    value,
    w,
)
from indexer.readers.word.numbers import Numbers
from indexer.readers.word.runs import Runs
from indexer.readers.word.styles import Styles, outline_level

WORD = Office("Word")

_BLOCKS = (P, TBL, SDT)
_STYLE, _OUTLINE, _BEFORE = w("pStyle"), w("outlineLvl"), w("pageBreakBefore")
_GONE_MARKS = (w("rPr/del"), w("rPr/moveFrom"))
_ROW_PROPERTIES, _DELETED, _GALLERY = w("trPr"), w("del"), w("sdtPr/docPartObj/docPartGallery")
_ID, _AUTHOR = w("id"), w("author")
_PAGE_BREAK = re.compile(
    rb"<\w+:br\b[^>]*\"page\"|<\w+:pageBreakBefore\b(?![^>]*\"(?:0|false|off)\")"
)


def read(path: Path) -> Iterator[Page]:
    """The sections of the document; each piece with its page where the file records page breaks."""
    with opened(path, WORD) as package:
        yield from _Walk(package).pages()


class _Walk:
    """Goes through the body of a document and keeps the place."""

    def __init__(self, package: Package) -> None:
        self._package = package
        main = package.main()
        self._body = package.content(main)
        self._relations = sorted(package.relations(main).values())
        styles = self._part("styles")
        self._styles = Styles(styles)
        self._numbers = Numbers(self._part("numbering"), styles)
        self._rendered = b":lastRenderedPageBreak" in self._body
        hides = b":vanish" in self._body or self._styles.hidden
        hidden = frozenset(self._styles.hidden) if hides else None
        self._runs = Runs(rendered=self._rendered, hidden=hidden)
        self._sections = Sections()
        self._notes: dict[str, dict[str, Any]] = {}
        self._page = 1
        self._carried = ""  # of paragraphs that flow into the next, their ends being deleted
        self._name = ""  # the caption that was just read
        self._long: tuple[tables.Grid, Table] | None = None  # the table that may go on
        self._inner: list[Any] = []  # tables in the cells of the row that is read
        self._in_contents = False

    def pages(self) -> Iterator[Page]:
        self._furniture()
        if self._rendered or _PAGE_BREAK.search(self._body):
            self._sections.turn_to(1)
        for block in children(self._body, w("body"), TBL):
            self._block(block)
            yield from self._sections.take()
        self._sections.add(self._carried)
        yield from self._sections.take(last=True)

    def _part(self, kind: str) -> Any:
        """The root of the part with this relation to the document, None where it has none."""
        parts = (relation.part for relation in self._relations if relation.kind == kind)
        part = next(parts, None)
        return None if part is None else self._package.xml(part)

    def _furniture(self) -> None:
        """Running headers, then footers: each text once, however many sections have it."""
        seen = set()
        for kind in ("header", "footer"):
            for relation in self._relations:
                if relation.kind != kind:
                    continue
                text = self._all_text(self._package.xml(relation.part))
                if text not in seen and re.search(r"[^\W\d_]", text):
                    seen.add(text)
                    self._sections.add(text, "furniture")

    def _all_text(self, element: Any) -> str:
        """The text of all paragraphs, those of tables and boxes too, without numbers."""
        texts = [" ".join(self._runs.text(each).split()) for each in _elements(element, (P,))]
        boxes, _, _ = self._runs.take()
        return "\n".join(filter(None, (*texts, *map(self._all_text, boxes))))

    def _block(self, element: Any) -> None:
        if element.tag == P:
            self._paragraph(element)
            self._hanging()
        elif element.tag == TBL:
            self._table(element)
            self._hanging()
        elif element.tag not in SKIPPED:
            before = self._in_contents
            self._in_contents |= value(element, _GALLERY) == "Table of Contents"
            for block in _elements(element, _BLOCKS):
                self._block(block)
            self._in_contents = before

    def _hanging(self) -> None:
        """Text boxes, pictures and notes of the block that was just read."""
        boxes, pictures, notes = self._runs.take()
        for box in boxes:
            for block in _elements(box, _BLOCKS):
                self._block(block)
        for text in pictures:
            self._sections.add(text, "caption")
        for part, name in notes:
            self._note(part, name)

    def _note(self, part: str, name: str) -> None:
        if part not in self._notes:
            root = self._part(part)
            self._notes[part] = {note.get(_ID): note for note in (() if root is None else root)}
        note = self._notes[part].pop(name, None)
        if note is None:
            return
        text = self._all_text(note)
        author = note.get(_AUTHOR) if part == "comments" else None
        self._sections.add(f"{author}: {text}" if author and text else text, "note")

    def _paragraph(self, element: Any) -> None:
        properties = child(element, PPR)
        if properties is not None and not self._rendered and is_on(properties.find(_BEFORE)):
            self._turn()
        text = self._carried + self._runs.text(element)
        if properties is not None and any(properties.find(m) is not None for m in _GONE_MARKS):
            self._carried = text
            return
        self._carried, self._name = "", self._name if not text.strip() else ""
        style = value(properties, _STYLE)
        number = self._numbers.next(style, properties)
        printed, depth = number or ("", 0)
        level = self._level(style, properties)
        for index, part in enumerate(text.split("\f")):
            if index:
                self._turn()
            if part.strip():
                self._add(
                    printed + part.strip(), self._kind(style, level, part, printed), level or depth
                )
                printed = ""

    def _level(self, style: str | None, properties: Any) -> int | None:
        own = value(properties, _OUTLINE)
        return self._styles.levels.get(style) if own is None else outline_level(own)

    def _kind(self, style: str | None, level: int | None, text: str, printed: str) -> Kind:
        if self._in_contents:
            return "contents"
        if style in self._styles.kinds:
            return self._styles.kinds[style]
        if level is not None:
            return "heading"
        if TABLE_NAME.match(text.strip()):
            return "caption"
        return "item" if printed else "paragraph"

    def _add(self, text: str, kind: Kind, level: int) -> None:
        if kind == "heading":
            self._sections.heading(level, text)
        elif kind == "caption":
            self._caption(text)
        else:
            self._sections.add(text, kind, level=level if kind == "item" else 0)

    def _caption(self, text: str) -> None:
        text = " ".join(clean(text).split())
        self._name = "" if FIGURE.match(text) else text
        self._sections.add(text, "caption")

    def _table(self, element: Any) -> None:
        lines = [line for line in _elements(element, (TR,)) if not _is_gone(line)]
        if GOES_ON in element.attrib and self._long:
            self._rows(lines, *self._long)
            return
        if tables.is_layout(map(_cells, lines)):
            for cell in (cell for line in lines for cell in _cells(line)):
                for block in _elements(cell, _BLOCKS):
                    self._block(block)
            self._long = None
            return
        name, self._name = self._name, ""
        first = [_cells(line) for line in lines[: tables.MAX_HEADER]]
        if tables.is_title(first):
            self._caption(self._texts(first.pop(0))[0])
            lines.pop(0)
            name, self._name = name or self._name, ""
        if is_form(lines, [_cells(line) for line in lines]):
            self._form(lines)
        else:
            head = tables.header_rows(lines, first)
            self._rows(lines[head:], *self._head(lines[:head], name))

    def _form(self, lines: list[Any]) -> None:
        for line in lines:
            texts = [text for text in self._texts(_cells(line)) if text.strip()]
            if len(texts) == 2:
                for text, kind in pair(*texts):
                    self._sections.add(text, kind)
            else:
                self._sections.add("".join(texts))
            self._nested()
        self._long = None

    def _nested(self) -> None:
        """The tables in the cells that were just read."""
        inner, self._inner = self._inner, []
        for each in inner:
            self._table(each)

    def _head(self, lines: list[Any], name: str) -> tuple[tables.Grid, Table]:
        """The header, if there is one, as a row."""
        grid = tables.Grid()
        names = [
            grid.place(line, cells, self._texts(cells), head=True)
            for line, cells in ((line, _cells(line)) for line in lines)
        ]
        header = clean(row(tables.joined(names))).strip("\n")
        table = Table(name, header if header.strip(" |") else "")
        self._sections.add(header, "row", table=table)
        return grid, table

    def _rows(self, lines: list[Any], grid: tables.Grid, table: Table) -> None:
        """The rows with their header, those of inner tables after each."""
        for line in lines:
            cells = _cells(line)
            texts = grid.place(line, cells, self._texts(cells), head=False)
            self._sections.add(row(texts), "row", table=table)
            self._nested()
        self._long = grid, table

    def _texts(self, cells: list[Any]) -> list[str]:
        """The text of each cell; tables in cells are put aside."""
        texts = []
        for cell in cells:
            lines = []
            for block in _elements(cell, (P, TBL)):
                if block.tag == P:
                    lines.append(self._cell_line(block))
                else:
                    self._inner.append(block)
            texts.append("\n".join(lines))
        for _ in range("".join(texts).count("\f")):
            self._turn()
        return texts

    def _cell_line(self, paragraph: Any) -> str:
        """A paragraph of a cell, which may be nothing but its number."""
        text, properties = self._runs.text(paragraph), child(paragraph, PPR)
        if properties is None:
            return text
        number = self._numbers.next(value(properties, _STYLE), properties)
        return number[0] + text if number else text

    def _turn(self) -> None:
        self._page += 1
        self._sections.turn_to(self._page)


def _is_gone(line: Any) -> bool:
    properties = child(line, _ROW_PROPERTIES)
    return properties is not None and child(properties, _DELETED) is not None


def _cells(line: Any) -> list[Any]:
    return list(_elements(line, (TC,)))


def _elements(parent: Any, tags: tuple[str, ...]) -> Iterator[Any]:
    """The nearest descendants with these tags, through content controls and tracked insertions."""
    for each in parent:
        if each.tag in tags:
            yield each
        elif each.tag not in SKIPPED:
            yield from _elements(each, tags)
