"""Web pages, parsed as a stream: sections under title and headings, page furniture last."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

from lxml import etree

from indexer.readers.letters.encoding import detect
from indexer.readers.page import Page, Unreadable
from indexer.readers.web.html_page import VisiblePage

MAX_MB = 50
BLOCK = 1 << 16
SAMPLE = 1 << 18

_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_WESTERN = frozenset(("iso8859-1", "cp1252", "ascii", "iso8859-15"))
_CYRILLIC_WORD = re.compile(r"\w*[А-яЁё]\w*")
_MADE_BY_SCRIPT = "made by JavaScript, there is no text in the file: print the page to PDF"
# Elements that XHTML may close at once and that HTML leaves open.
_CLOSED = re.compile(
    r"<(script|style|title|textarea|iframe|a|b|i|span|div|p|td|th|li|option)(\s[^<>]*)?/>",
    re.IGNORECASE,
)


def read(path: Path) -> Iterator[Page]:
    """The sections of the page, then its header, footer and navigation."""
    size = path.stat().st_size / 1e6
    if size > MAX_MB:
        raise Unreadable(f"too large for HTML: {size:.0f} MB, the limit is {MAX_MB} MB")
    with path.open(encoding=_encoding(path), errors="replace") as file:
        blocks = iter(lambda: file.read(BLOCK), "")
        yield from parse(opened(blocks) if path.suffix.lower() == ".xhtml" else blocks)


def parse(blocks: Iterable[str]) -> Iterator[Page]:
    """Pages from the blocks of one HTML text."""
    page = VisiblePage()
    parser = etree.HTMLParser(target=cast(Any, page), encoding="utf-8", huge_tree=True)
    parser.feed(b"<!-- -->")  # an empty document is not an error
    for block in blocks:
        parser.feed(block.replace("\0", "").encode())
        yield from page.sections.take()
    parser.close()
    if page.has_scripts and not page.has_text:
        raise Unreadable(_MADE_BY_SCRIPT)
    yield from page.sections.take(last=True)
    yield from page.edges.take(last=True)


def opened(blocks: Iterable[str]) -> Iterator[str]:
    """XHTML as HTML: <div/> closes nothing there."""
    rest = ""
    for block in blocks:
        text = rest + block
        end = max(text.rfind("<"), len(text) - BLOCK)
        rest = text[end:]
        yield _CLOSED.sub(r"<\1\2></\1>", text[:end])
    yield _CLOSED.sub(r"<\1\2></\1>", rest)


def _encoding(path: Path) -> str:
    """Unicode where the bytes say so: browsers re-encode a page and keep its old declaration.

    Servers declare Western what is Russian; where the words are, the bytes are believed.
    """
    guess = detect(path)
    if guess.startswith("utf"):
        return guess
    with path.open("rb") as file:
        sample = file.read(SAMPLE)
    declared = _DECLARED.search(sample[:4096])
    try:
        name = codecs.lookup(declared[1].decode()).name if declared else guess
        b"x".decode(name, "replace")
    except (LookupError, UnicodeError):
        return guess
    if name.startswith("utf") or (name in _WESTERN and _is_russian(sample.decode(guess, "ignore"))):
        return guess
    return name


def _is_russian(text: str) -> bool:
    """Whether nearly all words with Russian letters have no others."""
    words = _CYRILLIC_WORD.findall(text)
    whole = sum(re.fullmatch("[А-яЁё]+", word) is not None for word in words)
    return len(words) >= 3 and whole > 0.9 * len(words)
