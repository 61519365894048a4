"""The engines that write answers: one protocol, and the extractive engine, which needs no model."""

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Protocol

from assistant.events import Citation, Token, Turn
from indexer.documents import printable
from indexer.words import is_cyrillic

if TYPE_CHECKING:
    from indexer.search import Found


class Engine(Protocol):
    """Writes an answer from the passages that were found."""

    name: str

    def write(
        self, question: str, found: "Found", history: Sequence[Turn]
    ) -> AsyncIterator[Token | Citation]:
        """Yield the text in pieces as it comes, and the citations."""


class ExtractiveEngine:
    """Quotes the sentences that answer, each with its file and page."""

    name = "extractive"

    async def write(
        self, question: str, found: "Found", history: Sequence[Turn]
    ) -> AsyncIterator[Token | Citation]:
        """Yield a quotation a paragraph, with its place below it."""
        from assistant.extract import best_quotes

        russian = is_cyrillic(question)
        left, right = "«»" if russian else "“”"
        for number, quote in enumerate(best_quotes(question, found)):
            citation = Citation(quote.hit.file, quote.hit.page, quote.hit.heading, quote.text)
            gap = "\n\n" if number else ""
            yield Token(f"{gap}{left}{quote.text}{right}\n— {place(citation, russian)}")
            yield citation


def place(citation: Citation, russian: bool) -> str:
    """Name the file and, where there is one, the page or else the section."""
    file = printable(citation.file)
    if citation.page is not None:
        return f"{file}, {'стр.' if russian else 'p.'} {citation.page}"
    return f"{file}, {citation.heading}" if citation.heading else file


def make_engine(name: str) -> Engine:
    """The engine of a setting; "auto" is the best one there is."""
    engines: dict[str, type[Engine]] = {"auto": ExtractiveEngine, "extractive": ExtractiveEngine}
    return engines[name]()
