"""Office documents by what their first bytes say they are, whatever they are called."""

from __future__ import annotations

import mmap
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from indexer.readers.page import Page

_HEAD = 1 << 13
_OLE = b"\xd0\xcf\x11\xe0"
# The stream that each kind of old Office has; in one document there may be others.
_STREAMS = {
    "WordDocument": ".doc", "PowerPoint Document": ".ppt", "Workbook": ".xls", "Book": ".xls",
}  # fmt: skip
_PARTS = (
    ("word/", ".docx"), ("xl/workbook.bin", ".xlsb"), ("xl/", ".xlsx"), ("ppt/", ".pptx"),
    ("content.xml", ".odt"),
)  # fmt: skip
_OLD_EXCEL = re.compile(rb"\x09[\x00\x02\x04\x08]")  # before it was in OLE
_XML = (
    (re.compile(rb"opendocument:xmlns:office"), ".odt"),
    (re.compile(rb"microsoft-com:office:spreadsheet"), ".xls of XML"),
    (re.compile(rb"microsoft\.com/office/word/2003/wordml|2006/xmlPackage"), ".doc of XML"),
)
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|table|div|meta|style|p|b|h\d)\b", re.I)
_MIME = re.compile(rb"^(?:[\w-]+:[^\n]*\n(?:[ \t][^\n]*\n)*)*?MIME-Version:", re.I)
# What those of each family are today, by the start of their suffixes.
_NEW = {".doc": ".docx", ".dot": ".docx", ".xls": ".xlsx", ".xlt": ".xlsx", ".ppt": ".pptx"} | {
    ".pps": ".pptx", ".pot": ".pptx",
}  # fmt: skip
_TEMPLATES = {".dot": ".doc", ".pps": ".ppt", ".pot": ".ppt", ".xlt": ".xls"}


def read(path: Path) -> Iterator[Page]:
    """The pages of an office document."""
    kind = kind_of(path)
    if kind in (".docx", ".xlsx", ".pptx"):
        yield from _open_xml(path, kind)
    elif kind in (".doc", ".ppt", ".xlsb", ".doc of XML", ".xls of XML"):
        yield from _by_libreoffice(path, kind)
    else:
        yield from _others(path, kind)


def kind_of(path: Path) -> str:
    """The usual suffix of what a file is; that of XML of Office 2003 ends with "of XML"."""
    suffix = path.suffix.lower()
    suffix = _TEMPLATES.get(suffix, suffix)
    usual = _NEW.get(suffix[:4], ".odt")
    with path.open("rb") as file:
        head = file.read(_HEAD)
        if head.startswith(_OLE):
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                return _old(content, suffix) or usual
    if head.startswith(b"PK"):
        is_told = len(suffix) > 4 and suffix != ".xlsb"
        return usual if is_told else _packed(path) or usual
    if head.startswith(b"{\\rtf"):
        return ".rtf"
    if suffix == ".xls" and _OLD_EXCEL.match(head):
        return ".xls"
    return _text(head) or {".xls": ".csv", ".doc": ".txt", ".rtf": ".txt"}.get(suffix, usual)


def _old(content: mmap.mmap, suffix: str) -> str:
    """Which of old Office it is; a document of one may have those of others in it."""
    found = [kind for name, kind in _STREAMS.items() if content.find(name.encode("utf-16-le")) >= 0]
    return suffix if suffix in found else "".join(found[:1])


def _packed(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.replace("\\", "/").lower() for name in archive.namelist()]
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return ""  # its reader says what is wrong
    kinds = (kind for start, kind in _PARTS if any(name.startswith(start) for name in names))
    return next(kinds, "")


def _text(head: bytes) -> str:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = head.decode("utf-16", "replace").encode()
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"<"):
        kinds = (kind for pattern, kind in _XML if pattern.search(head))
        if (kind := next(kinds, "")) or _HTML.search(head):
            return kind or ".html"
    return ".mht" if _MIME.match(head) else ""


def _open_xml(path: Path, kind: str) -> Iterator[Page]:
    from indexer.readers.slides import pptx
    from indexer.readers.tables import xlsx
    from indexer.readers.word import docx

    readers = {".docx": docx.read, ".xlsx": xlsx.read, ".pptx": pptx.read}
    return readers[kind](path)


def _by_libreoffice(path: Path, kind: str) -> Iterator[Page]:
    from indexer.readers.office.libreoffice import converted

    suffix, _, is_xml = kind.partition(" of ")
    wanted = {".doc": ".docx", ".ppt": ".pptx"}.get(suffix, ".xlsx")
    with converted(path, ".xml" if is_xml else suffix, wanted) as made:
        yield from _open_xml(made, wanted)


def _others(path: Path, kind: str) -> Iterator[Page]:
    from indexer.readers import text
    from indexer.readers.mail import mime
    from indexer.readers.odf import reader
    from indexer.readers.office import rtf
    from indexer.readers.tables import csv, xls
    from indexer.readers.web import html

    readers = {".xls": xls.read, ".rtf": rtf.read, ".html": html.read, ".csv": csv.read}
    readers |= {".odt": reader.read, ".mht": mime.web_page, ".txt": text.read}
    return readers[kind](path)
