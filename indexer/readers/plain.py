"""The blocks of plain text: paragraphs, list items and lines of contents, by how lines begin."""

from __future__ import annotations

import re
from collections.abc import Iterator

from indexer.readers.page import Block, Kind

_PARAGRAPH = re.compile(r"\S.*?(?=\n[ \t]*\n|\s*\Z)", re.DOTALL)
_ITEM_BEGINS = re.compile(
    r"^[ \t]*"
    r"(?:[-–—•▪◦‣●○■□*·\uf0b7\uf0a7]|\(?(?:\d{1,3}|[A-Za-zА-яЁё])[.)]|\d+(?:\.\d+)+\.?)[ \t]",
    re.MULTILINE,
)
_CONTENTS = re.compile(r"(?:\.[ \t]?){5,}\s*\d*[ \t]*$", re.MULTILINE)


def blocks_of(text: str) -> tuple[Block, ...]:
    """The blocks of a text, which cover all but the blank lines between them."""
    return tuple(
        block
        for found in _PARAGRAPH.finditer(text)
        for block in _split_at_items(text, found.start(), found.end())
    )


def _split_at_items(text: str, start: int, stop: int) -> Iterator[Block]:
    begins = [found.start() for found in _ITEM_BEGINS.finditer(text, start, stop)]
    for begin, end in zip([start, *begins], [*begins, stop], strict=True):
        piece = text[begin:end]
        if piece.strip():
            yield Block(_kind(piece, begin in begins), begin, begin + len(piece.rstrip()))


def _kind(piece: str, is_item: bool) -> Kind:
    if _CONTENTS.search(piece):
        return "contents"
    return "item" if is_item else "paragraph"
