"""PDF, page by page."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pypdf import PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError

from indexer.readers.letters.clean import clean
from indexer.readers.letters.garbage import is_garbage
from indexer.readers.letters.misread import code_page
from indexer.readers.page import Page, Unreadable, is_damage, why
from indexer.readers.reflow import reflow

FORGET_AFTER = 50  # pages whose parsed objects pypdf may keep in memory

_GLYPH = re.compile(r"/[A-Za-z]+\d+(?![^/\s])")  # the name of a letter that it does not know

logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # the exceptions say enough


def read(path: Path) -> Iterator[Page]:
    """Every page; one without text (a scan, a picture, damage) has text ""."""
    with path.open("rb") as file:
        with _readable():
            reader = PdfReader(file)
            count = len(reader.pages)
        if not count:
            raise Unreadable("damaged PDF: it has no pages")
        blank = 0
        for number in range(1, count + 1):
            text = _text(reader, number)
            if number % FORGET_AFTER == 0:
                reader.resolved_objects.clear()
            if not text and blank == number - 1:
                blank = number
                continue
            if blank == number - 1:
                yield from (Page("", before) for before in range(1, number))
            yield Page(text, number)
    if blank == count:
        pages = "its only page" if count == 1 else f"any of its {count} pages"
        raise Unreadable(f"no text on {pages}")


def _text(reader: PdfReader, number: int) -> str:
    """The text of a page, "" when the page is damaged: the others may be whole."""
    try:
        with _readable():
            text = reader.pages[number - 1].extract_text()
    except Unreadable:
        return ""
    text = text.translate(code_page(text))
    return "" if is_garbage(_GLYPH.sub("\ufffd", text)) else clean(reflow(text)).strip()


@contextmanager
def _readable() -> Iterator[None]:
    """Turn whatever pypdf raises on a file it cannot read into Unreadable."""
    try:
        yield
    except FileNotDecryptedError as error:
        raise Unreadable("encrypted: save a copy without a password") from error
    except DependencyError as error:
        raise Unreadable(f"encrypted, and a package for that is missing: {error}") from error
    except Exception as error:  # KeyError, RecursionError, zlib.error: anything
        if not is_damage(error):
            raise
        raise Unreadable(f"damaged PDF: {why(error)}") from error
