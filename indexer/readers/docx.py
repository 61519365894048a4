"""Word documents: paragraphs and tables in order, by heading, with page numbers where known."""

from __future__ import annotations

import mmap
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import docx
from docx.document import Document
from docx.oxml.ns import qn

from indexer.readers.page import Page, Table, Unreadable, row
from indexer.readers.sections import Sections

MAX_UNPACKED_MB = 256
MAX_XML_MB = 64  # lxml takes some twenty times as much memory for a text of short elements

_OLE = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_P, _TBL, _TR, _TC = qn("w:p"), qn("w:tbl"), qn("w:tr"), qn("w:tc")
_T, _BR, _CR, _TAB, _HYPHEN = qn("w:t"), qn("w:br"), qn("w:cr"), qn("w:tab"), qn("w:noBreakHyphen")
_PPR, _PSTYLE, _OUTLINE = qn("w:pPr"), qn("w:pStyle"), qn("w:outlineLvl")
_RENDERED, _BEFORE = qn("w:lastRenderedPageBreak"), qn("w:pageBreakBefore")
_STYLE, _STYLE_ID, _NAME, _BASED_ON = qn("w:style"), qn("w:styleId"), qn("w:name"), qn("w:basedOn")
_VAL, _TYPE = qn("w:val"), qn("w:type")
_LEVELS = {"title": 0} | {f"heading {level}": level for level in range(1, 10)}
_COMPATIBILITY = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
# Deleted and moved-away text, properties, and second copies of text boxes for old Word.
_SKIPPED = {qn(f"w:{name}") for name in ("del", "moveFrom", "pPr", "rPr", "sdtPr")} | {
    _COMPATIBILITY + "Fallback"
}
_PLAIN = {_TAB: "\t", _CR: "\n", _HYPHEN: "-", _P: "\n"}


def read(path: Path) -> Iterator[Page]:
    """The sections of the document; each piece with its page where the file records page breaks."""
    with path.open("rb") as file:
        _check(file)
        try:
            document = docx.Document(file)
            walk = _Walk(document)
        except OSError:
            raise
        except Exception as error:  # zlib, lxml, python-docx: each its own, and KeyError
            raise Unreadable(f"damaged Word file: {' '.join(str(error).split())}") from error
    yield from walk.pages()


def _check(file: BinaryIO) -> None:
    """Raise Unreadable for what is no Word file of today, or a bomb."""
    if file.read(4) == _OLE:
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            if content.find(_ENCRYPTED) >= 0:
                raise Unreadable("encrypted: save a copy without a password")
        raise Unreadable("an old .doc file under a new name: save it as .docx")
    if not zipfile.is_zipfile(file):
        raise Unreadable("damaged Word file: not a zip archive, or cut short")
    with zipfile.ZipFile(file) as archive:
        sizes = [(info.filename.lower(), info.file_size / 1e6) for info in archive.infolist()]
    size = sum(size for _, size in sizes)
    if size > MAX_UNPACKED_MB:
        raise Unreadable(f"too large: {size:.0f} MB unpacked, the limit is {MAX_UNPACKED_MB} MB")
    size = sum(size for name, size in sizes if name.endswith((".xml", ".rels")))
    if size > MAX_XML_MB:
        raise Unreadable(f"too large: {size:.0f} MB of XML unpacked, the limit is {MAX_XML_MB} MB")
    file.seek(0)


class _Walk:
    """Goes through the body of a document and keeps the place."""

    def __init__(self, document: Document) -> None:
        self._body = document.element.body
        self._levels = _heading_levels(document.styles.element)
        # Word puts a rendered break after each explicit one, so only one kind may count.
        self._rendered = next(self._body.iter(_RENDERED), None) is not None
        self._sections = Sections()
        self._page = 1
        if self._rendered or any(map(_is_page_break, self._body.iter(_BR, _BEFORE))):
            self._sections.turn_to(1)

    def pages(self) -> Iterator[Page]:
        for block in _elements(self._body, (_P, _TBL)):
            if block.tag == _P:
                self._paragraph(block)
            else:
                self._table(block)
            yield from self._sections.take()
        yield from self._sections.take(last=True)

    def _paragraph(self, element: Any) -> None:
        if not self._rendered and any(map(_is_page_break, element.iterfind(f"{_PPR}/{_BEFORE}"))):
            self._turn()
        level = self._level(element)
        for index, part in enumerate(self._text(element).split("\f")):
            if index:
                self._turn()
            if level is None:
                self._sections.add(part.strip())
            else:
                self._sections.heading(level, part)

    def _table(self, element: Any) -> None:
        """The rows, of which the first names the columns."""
        table = None
        for line in _elements(element, (_TR,)):
            texts = [self._text(cell) for cell in _elements(line, (_TC,))]
            for _ in range("".join(texts).count("\f")):
                self._turn()
            table = table or Table(header=row(texts))
            self._sections.add(row(texts), "row", table=table)

    def _turn(self) -> None:
        self._page += 1
        self._sections.turn_to(self._page)

    def _level(self, paragraph: Any) -> int | None:
        own = paragraph.find(f"{_PPR}/{_OUTLINE}")
        if own is not None:
            return _outline_level(own)
        style = paragraph.find(f"{_PPR}/{_PSTYLE}")
        return None if style is None else self._levels.get(style.get(_VAL))

    def _text(self, element: Any) -> str:
        """The text below an element, with \\f for page breaks and \\n after nested paragraphs."""
        parts = []
        for child in element:
            if child.tag == _T:
                parts.append(child.text or "")
            elif child.tag == _RENDERED or (child.tag == _BR and _is_page_break(child)):
                parts.append("\f" if self._rendered == (child.tag == _RENDERED) else "")
            elif child.tag == _BR:
                parts.append("\n")
            elif child.tag not in _SKIPPED:
                parts.append(self._text(child) + _PLAIN.get(child.tag, ""))
        return "".join(parts)


def _elements(parent: Any, tags: tuple[str, ...]) -> Iterator[Any]:
    """The nearest descendants with these tags, through content controls and tracked insertions."""
    for child in parent:
        if child.tag in tags:
            yield child
        elif child.tag not in _SKIPPED:
            yield from _elements(child, tags)


def _is_page_break(element: Any) -> bool:
    if element.tag == _BR:
        return bool(element.get(_TYPE) == "page")
    return element.get(_VAL) not in ("0", "false", "off")


def _heading_levels(styles: Any) -> dict[str, int]:
    """Style id to heading level, 0 for the title; in the file names are English in any Word."""
    found = {style.get(_STYLE_ID): style for style in styles.iterfind(_STYLE)}
    levels = {name: _style_level(name, found, len(_LEVELS)) for name in found}
    return {name: level for name, level in levels.items() if level is not None}


def _style_level(name: str | None, styles: dict[str, Any], depth: int) -> int | None:
    style = styles.get(name or "")
    if style is None or not depth:
        return None
    title = style.find(_NAME)
    known = _LEVELS.get(title.get(_VAL, "").lower()) if title is not None else None
    if known is not None:
        return known
    own, base = style.find(f"{_PPR}/{_OUTLINE}"), style.find(_BASED_ON)
    if own is not None:
        return _outline_level(own)
    return None if base is None else _style_level(base.get(_VAL), styles, depth - 1)


def _outline_level(element: Any) -> int | None:
    """0 to 8 are headings 1 to 9; 9 is body text."""
    value = element.get(_VAL, "")
    return int(value) + 1 if value in tuple("012345678") else None
