"""Web pages, parsed as a stream: what a reader sees, without menus, scripts and page furniture."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from lxml import etree

from indexer.readers.encoding import detect
from indexer.readers.page import Page, Unreadable
from indexer.readers.page import row as as_row
from indexer.readers.sections import Sections

MAX_MB = 50
BLOCK = 1 << 16
LAYOUT_CELL = 300  # characters; a cell of several paragraphs and more than this is page layout

_HEADINGS = {"title": 0, "h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_SKIPPED = frozenset(
    {"script", "style", "nav", "noscript", "template", "svg", "iframe", "canvas", "object"}
    | {"button", "select", "datalist", "dialog"}
)
_SCOPES = frozenset(("article", "main", "section", "blockquote"))
_BLOCKS = frozenset(
    {"p", "div", "section", "article", "main", "aside", "ul", "ol", "li", "dl", "dt", "dd", "hr"}
    | {"blockquote", "pre", "figure", "figcaption", "table", "caption", "tr", "td", "th", "address"}
    | {"fieldset", "legend", "form", "details", "summary", "header", "footer", "body", "html"}
    | set(_HEADINGS)
)
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


def read(path: Path) -> Iterator[Page]:
    """The sections of the page under its title and headings."""
    size = path.stat().st_size / 1e6
    if size > MAX_MB:
        raise Unreadable(f"too large for HTML: {size:.0f} MB, the limit is {MAX_MB} MB")
    with path.open(encoding=_encoding(path), errors="replace") as file:
        yield from parse(iter(lambda: file.read(BLOCK), ""))


def parse(blocks: Iterable[str]) -> Iterator[Page]:
    """Pages from the blocks of one HTML text."""
    page = _Visible()
    parser = etree.HTMLParser(target=cast(Any, page), encoding="utf-8", huge_tree=True)
    parser.feed(b"<!-- -->")  # an empty document is not an error
    for block in blocks:
        parser.feed(block.replace("\0", "").encode())
        yield from page.sections.take()
    parser.close()
    yield from page.sections.take(last=True)


def _encoding(path: Path) -> str:
    """Unicode where the bytes say so: browsers re-encode a page and keep its old declaration."""
    guess = detect(path)
    if guess.startswith("utf"):
        return guess
    with path.open("rb") as file:
        declared = _DECLARED.search(file.read(4096))
    try:
        name = codecs.lookup(declared[1].decode()).name if declared else guess
    except LookupError:
        return guess
    return guess if name.startswith("utf") else name


class _Visible:
    """The target of the parser: turns tags into blocks and headings."""

    def __init__(self) -> None:
        self.sections = Sections()
        self._text: list[str] = []
        self._skipping = 0  # open elements inside a skipped one, itself included
        self._furniture = 0  # open page headers, of which only headings count
        self._scopes = 0
        self._pre = 0
        self._heading = ""
        self._marker = ""  # of the list item that has no text yet
        self._rows: list[list[list[str]]] = []  # open table rows, of cells, of blocks

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if self._skipping or self._is_skipped(tag, attributes):
            self._skipping += 1
            return
        if tag in _BLOCKS:
            self._end_block()
        self._count(tag, 1)
        if tag in _HEADINGS:
            self._heading = tag
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th") and self._rows:
            self._rows[-1].append([])
        elif tag == "li":
            self._marker = "- "
        elif tag == "br":
            self._text.append("\n")
        elif tag == "img":
            self.data(attributes.get("alt") or "")

    def end(self, tag: str) -> None:
        if self._skipping:
            self._skipping -= 1
            return
        if tag in _BLOCKS:
            self._end_block()
        self._count(tag, -1)
        if tag == self._heading:
            self._heading = ""
        elif tag == "tr" and self._rows:
            self._end_row(self._rows.pop())

    def data(self, text: str) -> None:
        if not self._skipping and (self._heading or not self._furniture):
            self._text.append(text if self._pre else re.sub(r"[ \t\r\n\f]+", " ", text))

    def close(self) -> None:
        self._end_block()

    def _is_skipped(self, tag: str, attributes: Mapping[str, str]) -> bool:
        if tag in _SKIPPED or (tag == "footer" and not self._scopes):
            return True
        return "hidden" in attributes or bool(_HIDDEN_STYLE.search(attributes.get("style") or ""))

    def _count(self, tag: str, step: int) -> None:
        if tag in _SCOPES:
            self._scopes += step
        elif tag == "pre":
            self._pre += step
        elif tag == "header" and (self._furniture or not self._scopes):
            self._furniture += step

    def _end_block(self) -> None:
        text, self._text = "".join(self._text), []
        if not self._pre:
            text = re.sub(r" *\n *", "\n", re.sub(" +", " ", text)).strip()
        if not text.strip():
            return
        if self._rows and self._rows[-1]:
            self._rows[-1][-1].append(text)
        elif self._heading:
            self.sections.heading(_HEADINGS[self._heading], text, seen=self._heading != "title")
        else:
            self.sections.add(
                self._marker + text.strip("\n"), "item" if self._marker else "paragraph"
            )
            self._marker = ""

    def _end_row(self, row: list[list[str]]) -> None:
        layout = any(len(cell) > 1 and sum(map(len, cell)) > LAYOUT_CELL for cell in row)
        line = as_row([" ".join(cell) for cell in row])
        blocks = [block for cell in row for block in cell] if layout else [line]
        for block in blocks:
            if not block.strip(" |"):
                continue
            if self._rows and self._rows[-1]:
                self._rows[-1][-1].append(block)
            else:
                self.sections.add(block, "paragraph" if layout else "row")
