"""Documents to pages of clean text: a module per format, imported when such a file is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from indexer.readers.clean import clean
from indexer.readers.page import Block, Missing, Page, Table, Unreadable, is_damage, why
from indexer.readers.plain import blocks_of

__all__ = ["READERS", "Block", "Missing", "Page", "Reader", "Table", "Unreadable", "read"]

Reader = Callable[[Path], Iterator[Page]]


def _pdf(path: Path) -> Iterator[Page]:
    from indexer.readers.pdf import document

    return document.read(path)


def _text(path: Path) -> Iterator[Page]:
    from indexer.readers import text

    return text.read(path)


def _markdown(path: Path) -> Iterator[Page]:
    from indexer.readers import markdown

    return markdown.read(path)


def _rst(path: Path) -> Iterator[Page]:
    from indexer.readers import rst

    return rst.read(path)


def _html(path: Path) -> Iterator[Page]:
    from indexer.readers.web import html

    return html.read(path)


def _docx(path: Path) -> Iterator[Page]:
    from indexer.readers.word import docx

    return docx.read(path)


def _xlsx(path: Path) -> Iterator[Page]:
    from indexer.readers.tables import xlsx

    return xlsx.read(path)


def _csv(path: Path) -> Iterator[Page]:
    from indexer.readers.tables import csv

    return csv.read(path)


def _pptx(path: Path) -> Iterator[Page]:
    from indexer.readers.slides import pptx

    return pptx.read(path)


def _eml(path: Path) -> Iterator[Page]:
    from indexer.readers.mail import mime

    return mime.eml(path)


def _mbox(path: Path) -> Iterator[Page]:
    from indexer.readers.mail import mime

    return mime.mbox(path)


def _msg(path: Path) -> Iterator[Page]:
    from indexer.readers.mail import msg

    return msg.read(path)


def _zip(path: Path) -> Iterator[Page]:
    from indexer.readers.archives import zips

    return zips.read(path)


def _tar(path: Path) -> Iterator[Page]:
    from indexer.readers.archives import tars

    return tars.read(path)


def _other_archive(path: Path) -> Iterator[Page]:
    from indexer.readers.archives import others

    return others.read(path)


def _epub(path: Path) -> Iterator[Page]:
    from indexer.readers.books import epub

    return epub.read(path)


def _fb2(path: Path) -> Iterator[Page]:
    from indexer.readers.books import xml_books

    return xml_books.fiction(path)


def _docbook(path: Path) -> Iterator[Page]:
    from indexer.readers.books import xml_books

    return xml_books.docbook(path)


def _xml(path: Path) -> Iterator[Page]:
    from indexer.readers.books import xml_books

    return xml_books.any_xml(path)


def _ipynb(path: Path) -> Iterator[Page]:
    from indexer.readers.books import ipynb

    return ipynb.read(path)


def _json(path: Path) -> Iterator[Page]:
    from indexer.readers.books import records

    return records.read(path)


def _jsonl(path: Path) -> Iterator[Page]:
    from indexer.readers.books import records

    return records.read_lines(path)


def _org(path: Path) -> Iterator[Page]:
    from indexer.readers.books import org

    return org.read(path)


def _textile(path: Path) -> Iterator[Page]:
    from indexer.readers.books import textile

    return textile.read(path)


def _mediawiki(path: Path) -> Iterator[Page]:
    from indexer.readers.books import mediawiki

    return mediawiki.read(path)


def _latex(path: Path) -> Iterator[Page]:
    from indexer.readers.books import latex

    return latex.read(path)


def _man(path: Path) -> Iterator[Page]:
    from indexer.readers.books import man

    return man.read(path)


def _code(path: Path) -> Iterator[Page]:
    from indexer.readers.books import code

    return code.read(path)


def _vcf(path: Path) -> Iterator[Page]:
    from indexer.readers.books import cards

    return cards.contacts(path)


def _ics(path: Path) -> Iterator[Page]:
    from indexer.readers.books import cards

    return cards.calendar(path)


# Raise it with every change of what a reader gives: all documents are read again then.
VERSION = "4"

# Source code, and settings that people write.
_CODE = (
    ".py", ".js", ".jsx", ".ts", ".tsx", ".java", ".kt", ".c", ".h", ".cc", ".cpp", ".hpp", ".cs",
    ".go", ".rs", ".rb", ".php", ".swift", ".sh", ".ps1", ".bat", ".sql", ".bsl", ".r", ".lua",
    ".pl", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".properties",
)  # fmt: skip

READERS: Mapping[str, Reader] = {
    ".pdf": _pdf,
    **dict.fromkeys((".txt", ".text", ".log"), _text),
    ".rst": _rst,
    **dict.fromkeys((".md", ".markdown"), _markdown),
    **dict.fromkeys((".html", ".htm", ".xhtml"), _html),
    **dict.fromkeys((".docx", ".docm", ".dotx", ".dotm"), _docx),
    **dict.fromkeys((".xlsx", ".xlsm", ".xltx"), _xlsx),
    **dict.fromkeys((".csv", ".tsv"), _csv),
    ".epub": _epub,
    ".fb2": _fb2,
    **dict.fromkeys((".dbk", ".docbook"), _docbook),
    ".ipynb": _ipynb,
    ".json": _json,
    **dict.fromkeys((".jsonl", ".ndjson"), _jsonl),
    ".org": _org,
    ".textile": _textile,
    **dict.fromkeys((".wiki", ".mediawiki"), _mediawiki),
    **dict.fromkeys((".tex", ".latex"), _latex),
    **dict.fromkeys((".man", *(f".{section}" for section in range(1, 10))), _man),
    **dict.fromkeys(_CODE, _code),
    ".xml": _xml,
    **dict.fromkeys((".vcf", ".vcard"), _vcf),
    ".ics": _ics,
    ".eml": _eml,
    ".mbox": _mbox,
    ".msg": _msg,
    ".zip": _zip,
    **dict.fromkeys((".tar", ".tgz", ".tbz2", ".txz", ".gz", ".bz2", ".xz"), _tar),
    **dict.fromkeys((".7z", ".rar"), _other_archive),
    **dict.fromkeys((".pptx", ".ppsx", ".pptm", ".ppsm", ".potx"), _pptx),
}


def read(path: Path) -> Iterator[Page]:
    """The pages of a document, cleaned, in blocks; a numbered page without text comes with text "".

    What of it could not be read comes as a page with `left_out`, after the others.

    Unreadable says why there is no text. OSError is left to the caller.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise Unreadable(f"no reader for {path.suffix or 'files without a suffix'}")
    if not path.stat().st_size:
        raise Unreadable("empty")
    found = contents = False
    left_out = ""
    try:
        for page in reader(path):
            left_out = left_out or page.left_out
            if not page.blocks:
                text = clean(page.text).strip()
                page = replace(page, text=text, blocks=blocks_of(text, contents_go_on=contents))
            contents = any(block.kind == "contents" for block in page.blocks)
            found = found or bool(page.text)
            if page.text or page.number is not None or (page.left_out and found):
                yield page
    except Unreadable:
        raise
    except MemoryError as error:
        raise Unreadable("too large: more than the memory that its reader may take") from error
    except Exception as error:  # whatever a parser makes of a damaged file
        if not is_damage(error):
            raise
        raise Unreadable(f"damaged: {why(error)}") from error
    if not found:
        raise Unreadable(left_out or "empty")
