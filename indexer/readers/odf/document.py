"""OpenDocument files, in a zip or flat: which kind they are, and their parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree

from indexer.readers.archive import SAFE, Office, Package, children, without_doctype
from indexer.readers.archive import opened as unpacked
from indexer.readers.page import Unreadable

OPEN = Office("OpenDocument", streamed="content.xml")
MAX_TEXT_XML_MB = 64  # of one that is no spreadsheet: lxml takes some twenty times as much

_NAMES = {"draw": "drawing", "fo": "xsl-fo-compatible", "svg": "svg-compatible"}
_XML = "{http://www.w3.org/XML/1998/namespace}"
_ELSEWHERE = {
    "dc": "{http://purl.org/dc/elements/1.1/}",
    "xlink": "{http://www.w3.org/1999/xlink}",
    "loext": "{urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0}",
    "xml": _XML,
}
_BODY = re.compile(rb"<(?:\w+:)?body\b[^>]*>\s*<(?:\w+:)?(text|spreadsheet|presentation|drawing)\b")
_PICTURE = re.compile(rb"<(\w+:binary-data)>[^<]*</\1>")


def n(name: str) -> str:
    """A name as lxml has it: "text:p"."""
    prefix, _, local = name.partition(":")
    if prefix in _ELSEWHERE:
        return _ELSEWHERE[prefix] + local
    return f"{{urn:oasis:names:tc:opendocument:xmlns:{_NAMES.get(prefix, prefix)}:1.0}}{local}"


_STYLES = tuple(map(n, ("office:styles", "office:automatic-styles", "office:master-styles")))


@dataclass
class Document:
    """What a file holds; `kind` is "text", "spreadsheet", "presentation" or "drawing"."""

    kind: str
    content: bytes
    package: Package | None  # None: it is flat

    def body(self, long: str = "") -> Iterator[Any]:
        """What stands right in the body; `long` as in `children`."""
        return children(self.content, n(f"office:{self.kind}"), long)

    def styles(self, element: Any) -> list[Any]:
        """All that hold styles; `element` is one of the body."""
        root = element.getroottree().getroot()
        found = [each for each in root if each.tag in _STYLES]
        if self.package and self.package.has("styles.xml"):
            # Names of automatic styles are of one part only: those of the body come last.
            found = [*(e for e in self.package.xml("styles.xml") if e.tag in _STYLES), *found]
        return found

    def inside(self, link: str) -> Any:
        """The root of an object that is kept in the file, None where it is not."""
        part = f"{link.removeprefix('./')}/content.xml"
        return self.package.xml(part) if self.package and self.package.has(part) else None


@contextmanager
def opened(path: Path) -> Iterator[Document]:
    """Open a file that passes the checks."""
    with path.open("rb") as file:
        packed = file.read(2) == b"PK"
    if not packed:
        yield _known(_PICTURE.sub(b"", path.read_bytes()), None)
        return
    with unpacked(path, OPEN) as package:
        manifest = package.content("META-INF/manifest.xml") if _has_manifest(package) else b""
        if b"encryption-data" in manifest:
            raise Unreadable("encrypted: save a copy without a password")
        yield _known(package.content("content.xml"), package)


def _has_manifest(package: Package) -> bool:
    return package.has("META-INF/manifest.xml")


def _known(content: bytes, package: Package | None) -> Document:
    if content[:2] in (b"\xfe\xff", b"\xff\xfe"):
        content = content.decode("utf-16", "replace").encode()
        content = re.sub(rb"^\s*<\?xml[^>]*>", b"", content)
    found = _BODY.search(content)
    if found is None:
        raise ValueError("no document inside")
    kind = found[1].decode()
    size = len(content) / 1e6
    if kind != "spreadsheet" and size > MAX_TEXT_XML_MB:
        limit = f"the limit is {MAX_TEXT_XML_MB} MB"
        raise Unreadable(f"too large: {size:.0f} MB of XML unpacked, {limit}")
    return Document(kind, content, package)


def facts(path: Path) -> list[str]:
    """Title, subject, author and keywords that it keeps beside its text."""
    with path.open("rb") as file:
        packed = file.read(2) == b"PK"
        file.seek(0)
        data = b"" if packed else file.read(1 << 20)
    if packed:
        with unpacked(path, OPEN) as package:
            root = package.xml("meta.xml")
    else:
        found = re.search(rb"<(\w+:)?meta>.*?</\1meta>", data, re.DOTALL)
        names = re.search(rb"<(?:\w+:)?document\b[^>]*>", data)
        if not found or not names:
            return []
        root = etree.fromstring(names[0] + found[0] + _end(names[0]), etree.XMLParser(**SAFE))
        without_doctype(root)
    told: dict[str, str] = {}
    for each in root.iter():
        name = str(each.tag).rpartition("}")[2]
        told[name] = f"{told.get(name, '')} {each.text or ''}".strip()
    author = told.get("initial-creator") or told.get("creator", "")
    return [told.get("title", ""), told.get("subject", ""), author, told.get("keyword", "")]


def _end(start: bytes) -> bytes:
    return b"</" + start[1:].split(None, 1)[0].rstrip(b">") + b">"
