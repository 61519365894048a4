"""The paragraphs, lists, tables and notes of Rich Text as blocks."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from typing import Any

from indexer.readers.letters.clean import clean
from indexer.readers.odf.styles import kind_of, level_of
from indexer.readers.odf.tables import blocks, laid_out
from indexer.readers.page import FIGURE, TABLE_NAME, Kind, Page
from indexer.readers.sections import Sections
from indexer.readers.web.html_table import MOST_COLUMNS, Cell, Piece, TableRows
from indexer.readers.word.numbers import bullet
from indexer.readers.word.styles import outline_level

_TYPED = re.compile(
    r"\s*(?:(?:\d{1,3}\.)*(?:\d{1,3}|[a-zа-я])[.)]|[•·▪–-])\t"
)  # a number or bullet as text
NEAR = 40  # twentieths of a point between borders of columns that are one


@dataclass(frozen=True)
class Format:
    """What a paragraph is, as far as its format tells."""

    style: int = 0
    outline: int | None = None
    depth: int = 0
    in_table: bool = False
    bold: bool = False

    def but(self, **changes: Any) -> Format:
        return replace(self, **changes)


@dataclass
class _Open:
    """A text that is read: the document itself, or a note, a box, a header."""

    kind: Kind = "paragraph"
    text: list[tuple[str, bool]] = field(default_factory=list)
    label: str = ""
    lines: list[str] = field(default_factory=list)  # of all but the document itself


@dataclass
class _Row:
    """The cells of a row, and what is said of their shape."""

    cells: list[list[Piece]] = field(default_factory=list)
    edges: list[int] = field(default_factory=list)
    goes_on: list[bool] = field(default_factory=list)  # cells merged with the one above
    is_header: bool = False


class Story:
    """Takes text with its ends; `take` hands out the pages that are complete."""

    def __init__(self) -> None:
        self._sections = Sections()
        self._open = [_Open()]
        self._styles: dict[int, tuple[int | None, Kind | None]] = {}
        self._author = ""
        self._hanging: list[tuple[str, Kind]] = []
        self._furniture: set[str] = set()
        self._cell: list[Piece] = []
        self._row, self._rows = _Row(), list[_Row]()
        self._edges, self._goes_on, self._is_header = list[int](), list[bool](), False
        self._merged = False
        self._name = ""  # the caption that was just read
        self._page = 0  # 0: none has ended yet

    def declare(self, name: str, number: int, outline: int | None) -> None:
        """A style of paragraphs."""
        name = name.strip().lower()
        level = level_of(name)
        level = outline_level(str(outline)) if level is None else level
        self._styles.setdefault(number, (level, kind_of(name)))

    def put(self, text: str, into: str, *, bold: bool) -> None:
        """Text of a paragraph, of its "label", or of the "author" of a note that comes."""
        if into == "author":
            self._author += text
        elif into == "label":
            self._open[-1].label += text
        else:
            self._open[-1].text.append((text, bold))

    def open(self, kind: Kind) -> None:
        """A text beside the one that is read begins."""
        self._open.append(_Open(kind))

    def close(self) -> None:
        """It ends, and hangs on the paragraph that it stands in."""
        if len(self._open) < 2:
            return
        self._line()
        aside = self._open.pop()
        text = "\n".join(aside.lines)
        if aside.kind == "note" and self._author and text:
            text, self._author = f"{self._author}: {text}", ""
        if aside.kind == "furniture":
            if text in self._furniture or not re.search(r"[^\W\d_]", text):
                return
            self._furniture.add(text)
        self._hanging.append((text, aside.kind))

    def ends(self, word: str, number: int | None, form: Format) -> None:
        """A control word that may end a paragraph, a cell, a row or a page, or shape a row."""
        match word:
            case "par" | "sect":
                self._paragraph(form)
            case "cell":
                self._paragraph(form.but(in_table=True))
                self._row.cells.append(self._cell)
                self._cell = []
            case "row":
                self._end_row()
            case "trowd":
                self._edges, self._goes_on, self._is_header, self._merged = [], [], False, False
            case "trhdr":
                self._is_header = True
            case "clvmrg":
                self._merged = True
            case "cellx":
                self._edges.append(number or 0)
                self._goes_on.append(self._merged)
                self._merged = False
            case "page":
                self._paragraph(form)
                self._turn()

    def take(self, *, last: bool = False) -> list[Page]:
        """The pages complete by now; with `last`, all."""
        if last:
            while len(self._open) > 1:
                self.close()
            self._paragraph(Format())
            if self._row.cells:
                self._end_row()
            self._end_table()
            self._flush_name()
        return self._sections.take(last=last)

    def _line(self) -> str:
        """The text of the paragraph that ends, whole characters out of halves of them."""
        read = self._open[-1]
        text = "".join(text for text, _ in read.text)
        if re.search("[\ud800-\udfff]", text):
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if len(self._open) > 1:
            label = read.label.replace("\t", " ").lstrip()
            read.lines += filter(None, [" ".join((label + text).split())])
            read.text, read.label = [], ""
        return text

    def _paragraph(self, form: Format) -> None:
        text = self._line()
        if len(self._open) > 1:
            return
        read, self._open[0] = self._open[0], _Open()
        bold = all(bold for piece, bold in read.text if piece.strip()) and bool(read.text)
        if typed := not read.label and _TYPED.match(text):
            read.label, text = typed[0], text[typed.end() :]
        label = _label(read.label)
        level, kind = self._kind(form, text, label)
        if not form.in_table:
            self._end_table()
        hanging, self._hanging = self._hanging, []
        pieces = [Piece(kind, label + text.strip(), level, bold=bold)]
        pieces += (Piece(kind, aside) for aside, kind in hanging)
        for each in pieces:
            if text := clean(each.text).strip():
                self._add(replace(each, text=text), form.in_table)

    def _kind(self, form: Format, text: str, label: str) -> tuple[int, Kind]:
        level, kind = self._styles.get(form.style, (None, None))
        if form.outline is not None:
            level = outline_level(str(form.outline))
        if kind:
            return 0, kind
        if level is not None and not form.in_table:
            return level, "heading"
        if TABLE_NAME.match(text.strip()):
            return 0, "caption"
        return (min(form.depth, 9), "item") if label else (0, "paragraph")

    def _add(self, piece: Piece, in_table: bool) -> None:
        if in_table:
            self._cell.append(piece)
            return
        self._flush_name()
        if piece.kind == "heading":
            self._sections.heading(piece.level, piece.text)
        elif piece.kind == "caption" and not FIGURE.match(piece.text):
            self._name = " ".join(piece.text.split())
        else:
            self._sections.add(piece.text, piece.kind, level=piece.level)

    def _flush_name(self) -> None:
        name, self._name = self._name, ""
        self._sections.add(name, "caption")

    def _end_row(self) -> None:
        row, self._row = self._row, _Row()
        row.edges, row.goes_on, row.is_header = self._edges, self._goes_on, self._is_header
        self._cell = []
        if row.cells:
            self._rows.append(row)

    def _end_table(self) -> None:
        rows, self._rows = self._rows, []
        if not rows:
            return
        name, self._name = self._name, ""
        cells = _placed(rows)
        if laid_out(cells):
            self._sections.add(name, "caption")
            pieces = iter([piece for row in cells for cell in row for piece in cell.pieces])
        else:
            pieces = blocks(cells, TableRows(), name)
        for each in pieces:
            self._sections.add(each.text, each.kind, level=each.level, table=each.table)

    def _turn(self) -> None:
        if self._rows or self._cell:
            return
        self._page = (self._page or 1) + 1
        self._sections.turn_to(self._page)


def _label(text: str) -> str:
    text = text.strip()
    sign = bullet(text) if len(text) == 1 and not text.isalnum() else text
    return f"{sign} " if sign else ""


def _placed(rows: list[_Row]) -> list[list[Cell]]:
    """The cells with the columns and rows that they take, by the borders of all rows."""
    borders: list[int] = []
    for edge in sorted({edge for row in rows for edge in row.edges}):
        if not borders or edge - borders[-1] > NEAR:
            borders.append(edge)
    placed, above = list[list[Cell]](), dict[int, Cell]()
    for row in rows:
        cells, place = list[Cell](), 0
        for at, pieces in enumerate(row.cells):
            edge = row.edges[at] if at < len(row.edges) else 0
            stop = max(place + 1, bisect_right(borders, edge + NEAR))
            if at < len(row.goes_on) and row.goes_on[at] and place in above:
                above[place].rows += 1
            else:
                cell = Cell(row.is_header, min(stop - place, MOST_COLUMNS), 1, pieces)
                above[place] = cell
                cells.append(cell)
            place = stop
        placed.append(cells)
    return placed
