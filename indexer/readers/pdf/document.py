"""PDF, page by page: read by pdfium; by pypdf where that finds nothing."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import pypdfium2

from indexer.readers.layout.furniture import Furniture
from indexer.readers.layout.pages import Content, Pages
from indexer.readers.layout.parts import Part, Style, parts_of, plain
from indexer.readers.layout.piece import Piece
from indexer.readers.layout.ruled import Ruled, tables
from indexer.readers.letters.clean import clean
from indexer.readers.page import Page, Unreadable
from indexer.readers.pdf import by_pypdf
from indexer.readers.pdf.forms import filled
from indexer.readers.pdf.pictures import FEW, is_picture
from indexer.readers.pdf.pieces import pieces_of
from indexer.readers.tables import sheet

if TYPE_CHECKING:
    from indexer.readers.scan.pages import Scans
    from indexer.readers.scan.picture import Picture

logging.getLogger("pypdfium2").setLevel(logging.CRITICAL)  # the exceptions say enough

MORE = 2  # times the letters that a page has: what is recognised is taken for it
SAMPLE = 200  # pages, spread evenly, that show how a document is set
DEPTH, BOOKMARKS = 6, 5000  # that are looked at


def read(path: Path) -> Iterator[Page]:
    """Every page; one without text (a scan, a picture, damage) has text ""."""
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError:
        yield from by_pypdf.read(path)
        return
    try:
        reading = _Reading(document)
        if reading.has_text:
            yield from reading.pages()
            return
        try:
            yield from by_pypdf.read(path)
        except Unreadable:
            if not reading.has_pictures:
                raise
            yield from reading.scans.all_of(reading.pages())
    finally:
        document.close()


@dataclass(slots=True)
class _Drawn:
    """What pdfium finds on a page."""

    pieces: list[Piece] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    tables: list[Ruled] = field(default_factory=list)

    @property
    def letters(self) -> int:
        return sum(len(piece.text) for piece in self.pieces)


class _Reading(Pages):
    """A PDF on its way to pages."""

    def __init__(self, document: pypdfium2.PdfDocument) -> None:
        super().__init__(len(document))
        self._document = document
        if document.get_formtype():
            document.init_forms()
        step = -(-self._count // SAMPLE) or 1
        self._known = {at: self._drawn(at) for at in range(0, self._count, step)}
        drawn = [each.pieces for each in self._known.values()]
        self._furniture = Furniture(drawn)
        self._style = Style(drawn)
        self._titles = _titles(document)
        self._open: Ruled | None = None  # the table with which the page before ends

    @property
    def has_text(self) -> bool:
        """Whether there is text on any page, or a note."""
        known = (each for each in self._known.values())
        others = (self._drawn(at) for at in range(self._count) if at not in self._known)
        return any(each.pieces or each.notes for pages in (known, others) for each in pages)

    @property
    def has_pictures(self) -> bool:
        """Whether any page may be a picture of text."""
        return any(map(self._is_picture, range(self._count)))

    @cached_property
    def scans(self) -> Scans:
        """Its pages that are pictures."""
        from indexer.readers.scan.pages import Scans

        return Scans(self._count, self._picture)

    def _drawn(self, at: int) -> _Drawn:
        """What a page shows; nothing where it is damaged: others may be whole."""
        try:
            page = self._document[at]
        except pypdfium2.PdfiumError:
            return _Drawn()
        try:
            pieces, rules = pieces_of(page)
            return _Drawn(*filled(page, pieces), tables(rules, pieces))
        except pypdfium2.PdfiumError:
            return _Drawn()
        finally:
            page.close()

    def _ahead(self, at: int) -> _Drawn:
        """The same, read once where it is asked for ahead."""
        if at not in self._known:
            self._known[at] = self._drawn(at)
        return self._known[at]

    def _content(self, at: int) -> Content:
        drawn = self._ahead(at)
        scan = self.scans.page(at) if self._is_picture(at) else None
        del self._known[at]
        if scan and scan.letters > MORE * drawn.letters:
            parts = scan.parts + [Part(each.text, each.kind) for each in drawn.pieces if each.kind]
            content = Content(at + 1, parts, recognised=scan.confidence)
            running = scan.running
        else:
            content, running = self._printed(at, drawn)
        content.gap = scan.gap if scan else ""
        content.asides = [Part(note, "note") for note in drawn.notes]
        content.asides += [Part(text, "furniture") for text in running]
        return content

    def _printed(self, at: int, drawn: _Drawn) -> tuple[Content, list[str]]:
        """What stands on a page by its text layer, and the running lines."""
        body, running = self._furniture.parted(drawn.pieces)
        ruled = [table for table in drawn.tables if any(piece in body for piece in table.pieces)]
        self._follow(ruled, body)
        titles = self._titles.get(at, {})
        content = Content(at + 1, list(parts_of(body, self._style, ruled, titles)))
        outside = (line for line in running if not any(table.holds(line) for table in ruled))
        return content, [line.text for line in outside]

    def _follow(self, ruled: list[Ruled], body: list[Piece]) -> None:
        """Give a table that goes on from the page before the header that it has there."""
        if not ruled:
            self._open = None if body else self._open
            return
        ruled = sorted(ruled, key=lambda table: -table.ys[0])
        others = [piece for piece in body if not any(table.place(piece) for table in ruled)]
        first, last = ruled[0], ruled[-1]
        is_first = all(piece.bottom < first.ys[0] for piece in others)
        if self._open and is_first and first.goes_on(self._open):
            first.head = self._open.head or sheet.head(self._open.lines(self._style.words))
        is_last = all(piece.top > last.ys[-1] for piece in others)
        self._open = last if is_last else None

    def _is_picture(self, at: int) -> bool:
        letters = self._ahead(at).letters
        if letters >= FEW:
            return False
        with suppress(pypdfium2.PdfiumError), closing(self._document[at]) as page:
            return is_picture(page, letters)
        return False

    def _picture(self, at: int) -> Picture | None:
        from indexer.readers.scan.render import rendered

        if not self._is_picture(at):
            return None
        with closing(self._document[at]) as page:
            return rendered(page)


def _titles(document: pypdfium2.PdfDocument) -> dict[int, dict[str, int]]:
    """What the bookmarks say, with their depth, by the page that they lead to."""
    titles = defaultdict[int, dict[str, int]](dict)
    try:
        for mark in islice(document.get_toc(max_depth=DEPTH), BOOKMARKS):
            target = mark.get_dest()
            page = target.get_index() if target else None
            if page is not None and (title := plain(clean(mark.get_title()))):
                titles[page].setdefault(title, mark.level)
    except (pypdfium2.PdfiumError, ValueError):  # damaged ones are no reason to give up the text
        pass
    return titles
