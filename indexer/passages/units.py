"""What is encoded of a passage: its rows and sentences, each under its heading."""

from collections.abc import Iterator

from indexer.passages.chunks import Chunk
from indexer.passages.sentences import sentences
from indexer.readers import Page
from indexer.readers.page import Block
from indexer.readers.plain import blocks_of

LONGEST = 600  # characters of a unit that are encoded
NEVER = frozenset(("contents", "furniture"))  # kinds of blocks that answer nothing


def unit_text(heading: str | None, text: str) -> str:
    """A row or a sentence as it is encoded."""
    return (f"{heading}: {text}" if heading else text)[:LONGEST]


def units(page: Page, chunk: Chunk) -> list[str]:
    """The different units of a passage, as they are encoded."""
    start, end = chunk.start, chunk.end
    found = (
        unit_text(page.heading, part)
        for block in page.blocks or blocks_of(page.text)
        if block.kind not in NEVER and block.start < end and block.stop > start
        for part in _parts(page.text[max(block.start, start) : min(block.stop, end)], block)
    )
    return list(dict.fromkeys(found))


def _parts(text: str, block: Block) -> Iterator[str]:
    if block.kind in ("row", "heading"):
        yield text
    else:
        yield from sentences(text)
