"""What the zip-based Office formats share: a check for bombs, parts, and relations between them."""

from __future__ import annotations

import mmap
import posixpath
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple

from lxml import etree

from indexer.readers.page import Unreadable, is_damage, why

MAX_UNPACKED_MB = 256
MAX_READ_MB = 512  # with the parts that others share

_OLE = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_PURL = b"http://purl.oclc.org/ooxml/"
_SCHEMAS = b"http://schemas.openxmlformats.org/"
# The namespaces of Strict Open XML, and what the same is called in the files of every day.
_STRICT = {
    _PURL + strict.encode(): _SCHEMAS + usual.encode()
    for strict, usual in {
        "wordprocessingml/main": "wordprocessingml/2006/main",
        "spreadsheetml/main": "spreadsheetml/2006/main",
        "presentationml/main": "presentationml/2006/main",
        "officeDocument/math": "officeDocument/2006/math",
        "officeDocument/relationships": "officeDocument/2006/relationships",
        "drawingml/wordprocessingDrawing": "drawingml/2006/wordprocessingDrawing",
        "drawingml/main": "drawingml/2006/main",
    }.items()
}
# No entities, no network, no other files.
SAFE: dict[str, Any] = {
    "resolve_entities": False, "no_network": True, "remove_comments": True, "remove_pis": True,
}  # fmt: skip
_PIECE = 1 << 18
_MANY = 200
GOES_ON = "goes-on"  # an attribute of what is no first part


@dataclass(frozen=True)
class Office:
    """How a family of files is called in the reason why one is not read."""

    name: str  # "Word"
    most_xml_mb: int = 64  # lxml takes some twenty times as much memory for short elements
    streamed: str = ""  # in the names of parts of which few elements are in memory at a time


class Relation(NamedTuple):
    """A link from one part to another: "styles", "word/styles.xml"."""

    kind: str
    part: str


class Package:
    """The parts of an Open XML file; links to other files are not followed."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        # 1C writes SharedStrings.xml where it says sharedStrings.xml; others write \\ for /.
        self._names = {name.replace("\\", "/").lower(): name for name in archive.namelist()}
        self._left = MAX_READ_MB * 1_000_000

    def main(self) -> str:
        """The name of the part that holds the document itself."""
        for relation in self.relations("").values():
            if relation.kind == "officeDocument":
                return relation.part
        raise ValueError("no document in the archive")

    def relations(self, part: str) -> dict[str, Relation]:
        """The parts that a part links to by the id of the link, without those that are missing."""
        folder, name = posixpath.split(part)
        links = posixpath.join(folder, "_rels", f"{name}.rels")
        found = {
            link.get("Id", ""): Relation(
                link.get("Type", "").rsplit("/", 1)[-1],
                posixpath.normpath(posixpath.join("/", folder, link.get("Target", "")))[1:],
            )
            for link in (self.xml(links) if self.has(links) else ())
            if link.get("TargetMode") != "External"
        }
        return {key: relation for key, relation in found.items() if self.has(relation.part)}

    def has(self, part: str) -> bool:
        return part.lower() in self._names

    def open(self, part: str) -> IO[bytes]:
        """A part as a file; KeyError: there is none."""
        return self._archive.open(self._names.get(part.lower(), part))

    def content(self, part: str) -> bytes:
        """A part of XML, Strict Open XML under the usual names; KeyError: there is none."""
        data = self.open(part).read()
        self._left -= len(data)
        if self._left < 0:
            raise Unreadable("too large: its parts include each other endlessly")
        if _PURL in data:
            for strict, usual in _STRICT.items():
                data = data.replace(strict, usual)
        return data

    def xml(self, part: str) -> Any:
        """The root element of a part."""
        root = etree.fromstring(self.content(part), etree.XMLParser(**SAFE))
        return without_doctype(root)


@contextmanager
def opened(path: Path, office: Office) -> Iterator[Package]:
    """Open a file that passes the check; whatever is wrong inside of the block is a damage."""
    with path.open("rb") as file:
        check(file, office)
        try:
            with zipfile.ZipFile(file) as archive:
                yield Package(archive)
        except Unreadable:
            raise
        except Exception as error:  # zlib, lxml, zipfile: each its own, and KeyError
            if not is_damage(error):
                raise
            raise damaged(office, why(error)) from error


def damaged(office: Office, why: str) -> Unreadable:
    return Unreadable(f"damaged {office.name} file: {why}")


def check(file: BinaryIO, office: Office) -> None:
    """Raise Unreadable for what is no Office file of today, or a bomb."""
    infos = _entries(file, office)
    size = sum(info.file_size for info in infos) / 1e6
    if size > MAX_UNPACKED_MB:
        raise Unreadable(f"too large: {size:.0f} MB unpacked, the limit is {MAX_UNPACKED_MB} MB")
    size = sum(info.file_size for info in infos if _is_held(info.filename.lower(), office)) / 1e6
    if size > office.most_xml_mb:
        limit = f"the limit is {office.most_xml_mb} MB"
        raise Unreadable(f"too large: {size:.0f} MB of XML unpacked, {limit}")


def _is_held(name: str, office: Office) -> bool:
    streamed = bool(office.streamed) and office.streamed in name
    return name.endswith((".xml", ".rels")) and not streamed


def _entries(file: BinaryIO, office: Office) -> list[zipfile.ZipInfo]:
    """The parts of an Office file of today. Raises Unreadable."""
    if file.read(4) == _OLE:
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            if content.find(_ENCRYPTED) >= 0:
                raise Unreadable("encrypted: save a copy without a password")
        raise damaged(office, "no document in it, or cut short")
    if not zipfile.is_zipfile(file):
        raise damaged(office, "not a zip archive, or cut short")
    try:
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
    except Exception as error:
        if not is_damage(error):
            raise
        raise damaged(office, why(error)) from error
    if any(info.flag_bits & 1 for info in infos):
        raise Unreadable("encrypted: save a copy without a password")
    file.seek(0)
    return infos


def children(data: bytes, parent: str, long: str = "") -> Iterator[Any]:
    """The elements right below the parent, few in memory at a time.

    One of the tag `long` comes in parts where it has many children; all but the first go on.
    """
    parser = etree.XMLPullParser(events=("start",), tag=parent, **SAFE)
    found: Any = None
    given = 0  # one that was given is kept until the next: lxml is slow to remove what is in use
    for start in range(0, len(data), _PIECE):
        parser.feed(data[start : start + _PIECE])
        for _, element in parser.read_events():
            found = without_doctype(element) if found is None else found
        if found is None or start + _PIECE >= len(data):
            continue
        while len(found) > given + 1:  # the last may be still to come in part
            yield found[given]
            del found[:given]
            given = 1
        if len(found) > given and found[given].tag == long and len(found[given]) > _MANY:
            yield _taken_out(found[given])
    parser.close()
    yield from () if found is None else found[given:]


def _taken_out(element: Any) -> Any:
    """An element of all children that have come whole."""
    part = etree.Element(element.tag, element.attrib)
    part.extend(element[:-1])
    element.set(GOES_ON, "")
    return part


def without_doctype(element: Any) -> Any:
    if element.getroottree().docinfo.doctype:
        raise ValueError("a document type in its XML")
    return element
