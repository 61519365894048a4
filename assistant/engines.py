"""The engines that write answers: the served model, quotations, and the better of the two."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Protocol

from assistant.budget import Fitted, fit
from assistant.events import Citation, Cut, Piece, Token, Turn, Writer
from assistant.server.errors import ServerError
from assistant.server.types import Finish, ModelServer
from assistant.settings import Settings
from indexer.documents import printable
from indexer.words import is_cyrillic

if TYPE_CHECKING:
    from indexer.search import Found


class Engine(Protocol):
    """Writes an answer from the passages that were found."""

    def write(
        self, question: str, found: "Found", history: Sequence[Turn]
    ) -> AsyncGenerator[Piece, None]:
        """Yield who writes, the text in pieces as it comes, and the citations."""


class ExtractiveEngine:
    """Quotes the sentences that answer, each with its file and page."""

    def __init__(self, note: str = "") -> None:
        """`note` says why no model answers, where one was expected."""
        self.note = note

    async def write(
        self, question: str, found: "Found", history: Sequence[Turn]
    ) -> AsyncGenerator[Piece, None]:
        """Yield a quotation a paragraph, with its place below it."""
        from assistant.extract import best_quotes

        yield Writer("extractive", note=self.note)
        russian = is_cyrillic(question)
        left, right = "«»" if russian else "“”"
        for number, quote in enumerate(best_quotes(question, found)):
            citation = Citation(quote.hit.file, quote.hit.page, quote.hit.heading, quote.text)
            gap = "\n\n" if number else ""
            yield Token(f"{gap}{left}{quote.text}{right}\n— {place(citation, russian)}")
            yield citation


class ServerEngine:
    """Lets the served model answer from the passages; citations are made from what it was sent."""

    def __init__(self, server: ModelServer, model: str, answer_tokens: int) -> None:
        self.server = server
        self.model = model
        self.answer_tokens = answer_tokens

    async def write(
        self, question: str, found: "Found", history: Sequence[Turn]
    ) -> AsyncGenerator[Piece, None]:
        """Yield tokens as they arrive; raise ServerError when the answer does not come whole."""
        from assistant.cite import citations

        fitted = await fit(question, found.hits, history, self.server, self.answer_tokens)
        pieces: list[str] = []
        stream = self.server.stream(fitted.messages, fitted.answer_tokens)
        async with aclosing(stream):
            async for piece in stream:
                if isinstance(piece, Finish):
                    if piece.reason == "length":
                        yield Cut(piece.tokens)
                    continue
                if not pieces:
                    piece = piece.lstrip()  # Mistral's first token carries the blank before it
                    if not piece:
                        continue
                    yield self._writer(found, history, fitted)
                pieces.append(piece)
                yield Token(piece)
        for citation in citations("".join(pieces), fitted.hits):
            yield citation

    def _writer(self, found: "Found", history: Sequence[Turn], fitted: Fitted) -> Writer:
        return Writer(
            "server",
            self.model,
            dropped_turns=len(history) - len(fitted.turns),
            dropped_passages=len(found.hits) - len(fitted.hits),
        )


class AutoEngine:
    """The served model while its server is healthy, and quotations when it is not."""

    def __init__(self, served: ServerEngine) -> None:
        self.served = served

    async def write(
        self, question: str, found: "Found", history: Sequence[Turn]
    ) -> AsyncGenerator[Piece, None]:
        """Yield the model's answer; quote if it fails before its first word, raise if after."""
        begun = False
        try:
            await self.served.server.health()
            async for piece in self.served.write(question, found, history):
                begun = True
                yield piece
            return
        except ServerError as error:
            if begun:
                raise
            note = error.message
        async for piece in ExtractiveEngine(note).write(question, found, history):
            yield piece


def place(citation: Citation, russian: bool) -> str:
    """Name the file and, where there is one, the page or else the section."""
    file = printable(citation.file)
    if citation.page is not None:
        return f"{file}, {'стр.' if russian else 'p.'} {citation.page}"
    return f"{file}, {citation.heading}" if citation.heading else file


@asynccontextmanager
async def open_engine(config: Settings) -> AsyncIterator[Engine]:
    """The engine of the settings, with its connections to the model server while it is open."""
    if config.engine == "extractive":
        yield ExtractiveEngine()
        return
    from assistant.server.connect import connect

    async with connect(
        config.server_url,
        config.server_api,
        adapter=config.adapter,
        model=config.server_model,
        api_key=config.api_key,
        answer_seconds=config.answer_seconds,
    ) as server:
        name = config.adapter if config.server_api == "tgi" else config.server_model
        served = ServerEngine(server, name, config.answer_tokens)
        yield served if config.engine == "server" else AutoEngine(served)
