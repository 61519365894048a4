"""Books in XML, DocBook and FictionBook: their elements as those of HTML."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from html.entities import name2codepoint
from pathlib import Path
from typing import Any

from lxml import etree

from indexer.readers.books import code, xml_records
from indexer.readers.mail.letter import is_russian
from indexer.readers.page import Page, Unreadable, why
from indexer.readers.web import html as web

MAX_MB = 100
SAMPLE = 4096
_ENTITY = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z][\w.-]*);")
_PARSER: Mapping[str, Any] = {
    "resolve_entities": False, "no_network": True, "remove_comments": True, "remove_pis": True,
    "huge_tree": True,
}  # fmt: skip

_DOCBOOK = {
    **dict.fromkeys(("para", "simpara", "formalpara", "subtitle", "bridgehead"), "p"),
    **dict.fromkeys(("blockquote", "epigraph", "attribution", "address"), "blockquote"),
    **dict.fromkeys(("itemizedlist", "simplelist", "calloutlist"), "ul"),
    **dict.fromkeys(("orderedlist", "procedure", "substeps"), "ol"),
    **dict.fromkeys(("listitem", "member", "step", "callout"), "li"),
    **dict.fromkeys(("variablelist", "glosslist"), "dl"),
    **dict.fromkeys(("term", "glossterm"), "dt"),
    **dict.fromkeys(("glossdef",), "dd"),
    **dict.fromkeys(("programlisting", "screen", "literallayout", "synopsis"), "pre"),
    **{"table": "table", "informaltable": "table", "thead": "thead", "tbody": "tbody"},
    **{"row": "tr", "tr": "tr", "entry": "td", "td": "td", "th": "th"},
    **dict.fromkeys(("question", "answer", "author", "editor", "pubdate", "date"), "div"),
    **dict.fromkeys(("abstract", "note", "warning", "tip", "important", "caution"), "div"),
    **dict.fromkeys(("cmdsynopsis", "funcsynopsis", "refnamediv", "email"), "div"),
}
_SECTIONS = frozenset((
    "book", "part", "chapter", "appendix", "preface", "article", "section", "sect1", "sect2",
    "sect3", "sect4", "sect5", "simplesect", "reference", "refentry", "refsect1", "refsect2",
    "refsect3", "refsection", "glossary", "bibliography", "set", "dedication", "colophon", "topic",
))  # fmt: skip
_DOCBOOK_SKIPPED = frozenset((
    "indexterm", "remark", "imageobject", "titleabbrev", "colspec", "legalnotice", "revhistory",
    "refmiscinfo", "toc", "index",
))  # fmt: skip

_FICTION = {
    **dict.fromkeys(("p", "v", "text-author", "date", "author", "genre"), "p"),
    **{"cite": "blockquote", "epigraph": "blockquote", "annotation": "div", "poem": "div"},
    **{"stanza": "div", "table": "table", "tr": "tr", "td": "td", "th": "th", "code": "code"},
}
_FICTION_SKIPPED = frozenset((
    "binary", "stylesheet", "document-info", "publish-info", "custom-info", "src-title-info",
    "genre", "lang", "src-lang", "keywords", "coverpage", "sequence", "id",
))  # fmt: skip


def docbook(path: Path) -> Iterator[Page]:
    """The sections under their titles."""
    yield from web.parse(_DocBook().pieces(root_of(path)))


def fiction(path: Path) -> Iterator[Page]:
    """The sections of a book of FictionBook under their titles."""
    yield from web.parse(_Fiction().pieces(root_of(path)))


def any_xml(path: Path) -> Iterator[Page]:
    """A book or records where the file is such, else its source."""
    with path.open("rb") as file:
        start = file.read(SAMPLE)
    if b"<FictionBook" in start:
        return fiction(path)
    return docbook(path) if b"docbook" in start.lower() else _records(path)


def _records(path: Path) -> Iterator[Page]:
    """Fields and rows; the source where people wrote it, with comments."""
    if path.stat().st_size <= code.MAX_MB * 1e6 and b"<!--" in path.read_bytes():
        return code.read(path)
    try:
        root = root_of(path, recover=False)
    except Unreadable:  # its source is all there
        return code.read(path)
    return xml_records.write(root) if xml_records.holds_records(root) else code.read(path)


def root_of(path: Path, *, recover: bool = True) -> Any:
    """The root of an XML file, which may be damaged where `recover`."""
    size = path.stat().st_size / 1e6
    if size > MAX_MB:
        raise Unreadable(f"too large for a book: {size:.0f} MB, the limit is {MAX_MB} MB")
    data = _ENTITY.sub(_character, path.read_bytes())
    try:
        root = etree.fromstring(data, etree.XMLParser(recover=recover, **_PARSER))
    except etree.XMLSyntaxError as error:
        raise Unreadable(f"damaged: {why(error)}") from error
    if root is None:
        raise Unreadable("damaged: no XML")
    return root


def _character(entity: re.Match[bytes]) -> bytes:
    """What HTML means by &nbsp; and the like, for which an XML file needs a DTD."""
    code = name2codepoint.get(entity[1].decode())
    return entity[0] if code is not None and code < 128 else b"&#%d;" % code if code else b""


def name_of(element: Any) -> str:
    """The name of an element without its namespace, "" for an entity."""
    return str(element.tag).rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


class _Walk:
    """HTML for elements as they begin and end."""

    tags: Mapping[str, str] = {}
    skipped: frozenset[str] = frozenset()

    def pieces(self, root: Any) -> Iterator[str]:
        """The text of all elements, in pieces of HTML."""
        skipping: Any = None
        for event, element in etree.iterwalk(root, events=("start", "end")):
            if skipping is not None:
                if event == "end" and element is skipping:
                    skipping = None
                    yield _escaped(element.tail)
                continue
            name = name_of(element)
            if event == "start" and name in self.skipped:
                skipping = element
            elif event == "start":
                yield self.begin(name, element) + _escaped(element.text)
            else:
                yield self.end(name, element) + _escaped(element.tail)

    def begin(self, name: str, element: Any) -> str:
        return f"<{self.tags[name]}{_spans(element)}>" if name in self.tags else ""

    def end(self, name: str, element: Any) -> str:
        return f"</{self.tags[name]}>" if name in self.tags else ""


class _DocBook(_Walk):
    tags, skipped = _DOCBOOK, _DOCBOOK_SKIPPED

    def __init__(self) -> None:
        self._depth = 0  # of the open section

    def begin(self, name: str, element: Any) -> str:
        if name in _SECTIONS:
            self._depth += 1
            return "<p>"
        if name in ("title", "refname", "refentrytitle"):
            return self._title(element)
        if name == "footnote":
            return " ("
        if _parent(element) == "footnote":
            return ""
        if name == "entry" and _is_inside(element, "thead"):
            return f"<th{_spans(element)}>"
        if name == "listitem" and _parent(element) == "varlistentry":
            return "<dd>"
        return super().begin(name, element)

    def end(self, name: str, element: Any) -> str:
        if name in _SECTIONS:
            self._depth -= 1
            return "<p>"
        if name in ("title", "refname", "refentrytitle"):
            return self._title(element).replace("<", "</")
        if name == "footnote":
            return ")"
        if _parent(element) == "footnote":
            return ""
        if name == "listitem" and _parent(element) == "varlistentry":
            return "</dd>"
        return super().end(name, element)

    def _title(self, element: Any) -> str:
        above = _parent(element)
        if above in ("info", "bookinfo", "articleinfo", "chapterinfo", "sectioninfo"):
            above = _parent(element.getparent())
        if above in ("table", "informaltable"):
            return "<caption>"
        if above not in (*_SECTIONS, "refnamediv"):
            return "<p>"
        return f"<h{min(max(self._depth, 1), 6)}>"


class _Fiction(_Walk):
    tags, skipped = _FICTION, _FICTION_SKIPPED

    def __init__(self) -> None:
        self._depth = 0

    def begin(self, name: str, element: Any) -> str:
        if name == "section":
            self._depth += 1
            return ""
        if name in ("book-title", "title", "subtitle"):
            return self._title(name, element)
        if name == "p" and _parent(element) == "title":
            return " "
        if name == "author" and _parent(element) != "title-info":
            return "<p hidden>"
        if name == "author":
            return "<p>Автор:" if is_russian("".join(element.itertext())) else "<p>Author:"
        if name in ("first-name", "middle-name", "last-name", "nickname"):
            return " "
        return super().begin(name, element)

    def end(self, name: str, element: Any) -> str:
        if name == "section":
            self._depth -= 1
            return ""
        if name in ("book-title", "title", "subtitle"):
            return self._title(name, element).replace("<", "</")
        if name == "p" and _parent(element) == "title":
            return " "
        return super().end(name, element)

    def _title(self, name: str, element: Any) -> str:
        if name == "book-title":
            return "<title>" if _parent(element) == "title-info" else "<p>"
        if name == "subtitle":
            return f"<h{min(self._depth + 2, 6)}>"
        if _parent(element) == "poem":
            return "<p>"
        return f"<h{min(self._depth + 1, 6)}>"


def _parent(element: Any) -> str:
    above = element.getparent()
    return name_of(above) if above is not None else ""


def _is_inside(element: Any, name: str) -> bool:
    return any(name_of(above) == name for above in element.iterancestors())


def _spans(element: Any) -> str:
    if element.get("morerows", "").isdecimal():
        return f' rowspan="{int(element.get("morerows")[:3]) + 1}"'
    return "".join(
        f' {name}="{element.get(name)}"'
        for name in ("colspan", "rowspan")
        if (element.get(name) or "").isdecimal()
    )


def _escaped(text: str | None) -> str:
    return html.escape(text or "", quote=False)
