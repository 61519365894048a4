"""Paragraphs, lists, tables and frames of OpenDocument, as blocks in their order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from indexer.readers.archive import GOES_ON
from indexer.readers.letters.clean import clean
from indexer.readers.odf.document import Document, n
from indexer.readers.odf.lists import List, Lists
from indexer.readers.odf.runs import (
    NOTE,
    REMARK,
    SOFT_BREAK,
    STYLE,
    H,
    P,
    Runs,
    is_drawing,
)
from indexer.readers.odf.styles import Look, Styles
from indexer.readers.odf.tables import BREAK, ROW, blocks, laid_out, more_rows, rows_of
from indexer.readers.page import FIGURE, TABLE_NAME, Kind, alt_text
from indexer.readers.sections import Sections
from indexer.readers.web.html_table import MOST_COLUMNS, Cell, Piece, TableRows
from indexer.readers.word.names import number

TABLE = n("table:table")
_LIST, _ITEM, _HEADER = n("text:list"), n("text:list-item"), n("text:list-header")
_LEVEL = n("text:outline-level")
_WIDE = (n("table:number-columns-spanned"), n("table:number-columns-repeated"))
_NAMED = n("table:use-first-row-styles")
_TALL = n("table:number-rows-spanned")
_INDEXES = tuple(
    n(f"text:{kind}")
    for kind in (
        "table-of-content", "illustration-index", "table-index", "object-index", "user-index",
        "alphabetical-index", "bibliography",
    )
)  # fmt: skip
_SKIPPED = frozenset(
    map(
        n,
        (
            "office:forms", "text:sequence-decls", "text:variable-decls",
            "text:user-field-decls", "table:calculation-settings", "svg:title", "svg:desc",
            "draw:image", "draw:plugin", "draw:applet", "table:tracked-changes", "draw:glue-point",
            "text:alphabetical-index-source", "text:table-of-content-source",
            "text:illustration-index-source", "text:table-index-source", "text:user-index-source",
            "text:object-index-source", "text:bibliography-source", "draw:enhanced-geometry",
        ),
    )
)  # fmt: skip


class Story:
    """Goes through the text of a document and keeps the place."""

    def __init__(self, document: Document, roots: list[Any], sections: Sections) -> None:
        self._document, self._sections = document, sections
        self.styles, self._lists = Styles(roots), Lists(roots)
        self.runs = Runs(self.styles)
        self._into: list[Piece] | None = None  # the cell that is read
        self._in_contents = self._begun = False
        self._name = ""  # the caption that was just read, which may be that of a table
        self._long: TableRows | None = None  # the table that may go on
        self._page: int | None = None  # None: they are not known

    def begin_pages(self) -> None:
        """What follows stands on pages that the file records."""
        self._page = 1
        self._sections.turn_to(1)

    def block(self, element: Any) -> None:
        """Read a paragraph, a list, a table, or what holds such."""
        tag = element.tag
        if tag in (P, H):
            self._paragraph(element)
        elif tag == _LIST:
            self._list(element, None)
        elif tag == TABLE:
            self._table(element)
        elif tag == SOFT_BREAK:
            self._turn()
        elif tag == n("text:tracked-changes"):
            self.runs.learn(element)
        elif tag == n("draw:object"):
            self._object(element)
        elif is_drawing(element):
            self._shape(element)
        elif tag in _INDEXES:
            before, self._in_contents = self._in_contents, True
            self.walk(element)
            self._in_contents = before
        elif tag not in _SKIPPED and element.get(n("text:display")) != "none":
            self.walk(element)

    def walk(self, element: Any) -> None:
        """Read all blocks below an element."""
        for each in element:
            self.block(each)

    def flush(self) -> None:
        """Add the caption that was held for a table which has not come."""
        name, self._name = self._name, ""
        self._said(name)

    def _said(self, text: str) -> None:
        """A caption that names no table."""
        if self._into is None:
            self._sections.add(text, "caption")
        elif text:
            self._into.append(Piece("caption", text))

    def all_text(self, element: Any) -> str:
        """The paragraphs below an element, a line each, without numbers."""
        texts = (" ".join(self.runs.text(each).split()) for each in element.iter(P, H))
        text = "\n".join(filter(None, texts))
        self.runs.take()
        return text

    def _paragraph(self, element: Any, label: str = "", depth: int = 0) -> None:
        look = self.styles.paragraph(element.get(STYLE))
        if look.breaks and self._begun:
            self._turn()
        text, bold = self.runs.text(element), self.runs.bold
        level = number(element.get(_LEVEL), 1) if element.tag == H else look.level
        if element.tag == H and not label and text.strip():
            label = self._lists.heading(element, level or 1)
        for index, part in enumerate(text.split("\f")):
            if index:
                self._turn()
            if part.strip():
                self._begun = True
                kind = self._kind(look, level, part, label)
                at = level if kind == "heading" else depth if kind == "item" else 0
                self._put(label + part.strip(), kind, at or 0, bold=bold)
                label = ""
        self._hanging()

    def _kind(self, look: Look, level: int | None, text: str, label: str) -> Kind:
        if self._in_contents:
            return "contents"
        if look.kind:
            return look.kind
        if level is not None:
            return "heading"
        if TABLE_NAME.match(text.strip()):
            return "caption"
        return "item" if label else "paragraph"

    def _put(self, text: str, kind: Kind, level: int = 0, *, bold: bool = False) -> None:
        if self._into is not None:
            if text := clean(text).strip():
                self._into.append(Piece(kind, text, level, bold=bold))
            return
        if self._name and text.strip():
            self.flush()
        if kind == "heading":
            self._sections.heading(level, text)
        elif kind == "caption" and not FIGURE.match(text):
            self._name = " ".join(clean(text).split())
        else:
            self._sections.add(text, kind, level=level)

    def _hanging(self) -> None:
        for each in self.runs.take():
            if each.tag in (NOTE, REMARK):
                self._note(each)
            else:
                self._shape(each)

    def _note(self, element: Any) -> None:
        text = self.all_text(element)
        author = element.findtext(n("dc:creator")) if element.tag == REMARK else None
        self._put(f"{author}: {text}" if author and text else text, "note")

    def _shape(self, element: Any) -> None:
        """The text in a frame or a shape, or what is said of its picture."""
        self.walk(element)
        said = element.findtext(n("svg:desc")) or element.findtext(n("svg:title"))
        self._said(alt_text(said))

    def _object(self, element: Any) -> None:
        """The numbers behind a chart."""
        root = self._document.inside(element.get(n("xlink:href"), ""))
        for chart in (element if root is None else root).iter(n("chart:chart")):
            for title in chart.iterchildren(n("chart:title")):
                self._name = self.all_text(title)
            for table in chart.iterchildren(TABLE):
                self._table(table)

    def _list(self, element: Any, outer: List | None) -> None:
        of = self._lists.begin(element, outer)
        for item in element:
            first = item.tag == _ITEM
            for block in item:
                if block.tag in (P, H):
                    style = self.styles.paragraph(block.get(STYLE)).list_style
                    label = self._lists.label(of, item, style) if first else ""
                    self._paragraph(block, label, of.level - 1)
                    first = False
                elif block.tag == _LIST:
                    self._list(block, of)
                else:
                    self.block(block)

    def _table(self, element: Any) -> None:
        goes_on = GOES_ON in element.attrib and self._long
        name, self._name = self._name, ""
        table = goes_on or TableRows()
        rows = [
            self._row(row, in_head) if row.tag == ROW else [] for row, in_head in rows_of(element)
        ]
        if rows and element.get(_NAMED) == "true":
            for cell in rows[0]:
                cell.is_header = True
        while rows and not rows[0]:  # pages that end before the first row
            self._turn()
            rows.pop(0)
        if not goes_on and laid_out(rows):
            self._said(name)
            self._pieces(piece for row in rows for cell in row for piece in cell.pieces)
            return
        self._pieces(more_rows(rows, table) if goes_on else blocks(rows, table, name))
        self._long = table

    def _row(self, element: Any, in_head: bool) -> list[Cell]:
        cells = []
        for each in element.iterchildren(n("table:table-cell")):
            outer, self._into = self._into, []
            self.walk(each)
            wide = max(number(each.get(name), 1) for name in _WIDE)
            tall = number(each.get(_TALL), 1)
            cells.append(Cell(in_head, max(1, min(wide, MOST_COLUMNS)), max(1, tall), self._into))
            self._into = outer
        return cells

    def _pieces(self, pieces: Iterator[Piece]) -> None:
        for each in pieces:
            if each is BREAK:
                self._turn()
            elif self._into is not None:
                self._into.append(each)
            elif each.kind == "heading":
                self._sections.heading(each.level, each.text)
            else:
                self._sections.add(each.text, each.kind, level=each.level, table=each.table)

    def _turn(self) -> None:
        """The page ends; for what is in a cell it does so after the row."""
        if self._page is None:
            return
        if self._into is not None:
            self._into.append(BREAK)
            return
        self._page += 1
        self._sections.turn_to(self._page)
