"""Pages into passages of a bounded number of tokens, made of whole blocks."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from indexer.readers import Block, Page
from indexer.readers.plain import blocks_of

VERSION = "3"
_PIECE = re.compile(r"\w{1,5}|[^\w\s]")
# What these end with or are speaks of what follows them, and begins the next passage with it.
_ANNOUNCES = frozenset(("heading", "question", "caption"))


@dataclass(frozen=True)
class Chunk:
    """A passage and its place: text == page.text[start:end].

    `lead` is read before it: name and header of the table in whose rows it begins.
    """

    text: str
    start: int
    end: int
    lead: str = ""


def count_tokens(text: str) -> int:
    """Estimate the tokens of a text: a punctuation mark, or up to five letters of a word.

    About what a word-piece vocabulary of the language gives (LaBSE-en-ru: 4.5 to 5 letters).
    """
    return len(_PIECE.findall(text))


def make_splitter(tokens: int, overlap: int) -> Callable[[Page], list[Chunk]]:
    """Build the function that makes a page's passages.

    Two pieces of a block that is too long for one passage share `overlap` tokens.
    """
    return _Splitter(tokens, overlap).split


class _Splitter:
    def __init__(self, tokens: int, overlap: int) -> None:
        from semantic_text_splitter import TextSplitter

        self._most = tokens
        self._cutter = TextSplitter.from_callback(count_tokens, tokens, overlap=overlap)

    def split(self, page: Page) -> list[Chunk]:
        return [
            chunk
            for run in self._runs(page, page.blocks or blocks_of(page.text))
            for chunk in self._chunks(page, run)
        ]

    def _runs(self, page: Page, blocks: tuple[Block, ...]) -> Iterator[list[Block]]:
        """Neighbours that fit into a passage together, as many as do."""
        run, size = list[Block](), 0
        for block in blocks:
            count = count_tokens(page.text[block.start : block.stop])
            if run and size + count > self._most:
                kept = len(run) - _announcing(page, [*run, block])
                yield run[:kept]
                run = run[kept:]
                size = sum(count_tokens(page.text[each.start : each.stop]) for each in run)
                size += count_tokens(self._lead(page, run[0])) if run else 0
                if run and size + count > self._most:
                    yield run
                    run, size = [], 0
            if not run:
                size = count_tokens(self._lead(page, block))
            run.append(block)
            size += count
        if run:
            yield run

    def _lead(self, page: Page, block: Block) -> str:
        """Name and header of a table that goes on here, unless they leave little room for rows."""
        table = block.table
        if table is None or page.text[block.start : block.stop] in table.lead.split("\n"):
            return ""
        return table.lead if 2 * count_tokens(table.lead) <= self._most else ""

    def _chunks(self, page: Page, run: list[Block]) -> Iterator[Chunk]:
        start, stop = run[0].start, run[-1].stop
        text, lead = page.text[start:stop], self._lead(page, run[0])
        size = 0 if len(run) > 1 else count_tokens(text)
        if size + count_tokens(lead) > self._most:
            lead = ""  # a single row that needs all the room
        if size <= self._most:
            yield Chunk(text, start, stop, lead)
            return
        for at, piece in self._cutter.chunk_indices(text):
            yield Chunk(piece, start + at, start + at + len(piece), lead)


def _announcing(page: Page, run: list[Block]) -> int:
    """How many blocks before the last one of a run belong to it: not all of them."""
    count = 0
    for block, after in reversed([*pairwise(run)][1:]):
        if not _announces(page, block, after):
            break
        count += 1
    return count


def _announces(page: Page, block: Block, after: Block) -> bool:
    if block.kind in _ANNOUNCES or page.text[block.stop - 1] == ":":
        return True
    return block.kind == after.kind == "item" and block.level < after.level
