"""Pages into passages of a bounded number of tokens, cut between sentences."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexer.readers import Page

if TYPE_CHECKING:
    from tokenizers import Tokenizer

VERSION = "1"
_PIECE = re.compile(r"\w{1,5}|[^\w\s]")


@dataclass(frozen=True)
class Chunk:
    """A passage and its place: text == page.text[start:end]."""

    text: str
    start: int
    end: int


def count_tokens(text: str) -> int:
    """Estimate the tokens of a text: a punctuation mark, or up to five letters of a word.

    About what a word-piece vocabulary of the language gives (LaBSE-en-ru: 4.5 to 5 letters).
    """
    return len(_PIECE.findall(text))


def make_splitter(
    tokens: int, overlap: int, tokenizer: "Tokenizer | None" = None
) -> Callable[[Page], list[Chunk]]:
    """Build the function that cuts a page; with a tokenizer, tokens are counted by it."""
    from semantic_text_splitter import TextSplitter

    if tokenizer is None:
        splitter = TextSplitter.from_callback(count_tokens, tokens, overlap=overlap)
    else:
        splitter = TextSplitter.from_huggingface_tokenizer(tokenizer, tokens, overlap=overlap)

    def split(page: Page) -> list[Chunk]:
        pieces = splitter.chunk_indices(page.text)
        return [Chunk(text, start, start + len(text)) for start, text in pieces]

    return split
