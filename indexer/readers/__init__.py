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


def _csv(path: Path) -> Iterator[Page]:
    from indexer.readers.tables import csv

    return csv.read(path)


def _office(path: Path) -> Iterator[Page]:
    from indexer.readers.office import kinds

    return kinds.read(path)


def _picture(path: Path) -> Iterator[Page]:
    from indexer.readers.scan import document

    return document.read(path)


# Raise it with every change of what a reader gives: all documents are read again then.
VERSION = "4"

READERS: Mapping[str, Reader] = {
    ".pdf": _pdf,
    **dict.fromkeys((".txt", ".text", ".log"), _text),
    ".rst": _rst,
    **dict.fromkeys((".md", ".markdown"), _markdown),
    **dict.fromkeys((".html", ".htm", ".xhtml"), _html),
    **dict.fromkeys((".docx", ".docm", ".dotx", ".dotm", ".doc", ".dot", ".rtf"), _office),
    **dict.fromkeys((".xlsx", ".xlsm", ".xltx", ".xlsb", ".xls", ".xlt"), _office),
    **dict.fromkeys((".pptx", ".ppsx", ".pptm", ".ppsm", ".potx", ".ppt", ".pps", ".pot"), _office),
    **dict.fromkeys((".odt", ".ott", ".ods", ".ots", ".odp", ".otp"), _office),
    **dict.fromkeys((".fodt", ".fods", ".fodp"), _office),
    **dict.fromkeys((".csv", ".tsv"), _csv),
    **dict.fromkeys((".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp"), _picture),
}


def read(path: Path) -> Iterator[Page]:
    """The pages of a document, cleaned, in blocks; a numbered page without text comes with text "".

    Unreadable says why there is no text. OSError is left to the caller.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise Unreadable(f"no reader for {path.suffix or 'files without a suffix'}")
    if not path.stat().st_size:
        raise Unreadable("empty")
    found = contents = False
    try:
        for page in reader(path):
            if not page.blocks:
                text = clean(page.text).strip()
                page = replace(page, text=text, blocks=blocks_of(text, contents_go_on=contents))
            contents = any(block.kind == "contents" for block in page.blocks)
            found = found or bool(page.text)
            if page.text or page.number is not None:
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
        raise Unreadable("empty")
