"""The engines that write answers: the served model, quotations, and the better of the two."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from assistant.budget import Fitted, fit
from assistant.events import Citation, Cut, Piece, Token, Turn, Writer, recognised
from assistant.question.clean import is_russian
from assistant.server.errors import Incomplete, ServerError, TooLong
from assistant.server.record import is_expected
from assistant.server.types import Finish, ModelServer
from assistant.settings import Settings
from indexer.readers.sections import SEPARATOR, headings_of
from indexer.text import printable
from indexer.words import letters_of

if TYPE_CHECKING:
    from assistant.quote import Choice
    from indexer.search import Found

# How long `auto` waits for a model. A server whose 16 places are taken frees the first when one of
# the answers ends, and an answer of 1024 tokens takes half a minute or more.
FIRST_WORD_SECONDS = 60
NO_ADAPTER = "no adapter is set: the base model answers"
# What a terminal would obey instead of showing it: control characters, orders about the direction
# of writing; and halves of a character, which no file takes.
_UNSHOWN = dict.fromkeys(
    code
    for start, stop in ((0, 32), (127, 160), (0x202A, 0x202F), (0x2066, 0x206A), (0xD800, 0xE000))
    for code in range(start, stop)
    if chr(code) not in "\n\t"
)

FOREIGN = 0.1  # the share of letters below which a text is in another language


@dataclass(frozen=True)
class _Words:
    """What is said around quotations."""

    left: str
    right: str
    closest: str
    older: str
    foreign: str


_RUSSIAN = _Words(
    "«",
    "»",
    "Точного ответа не нашёл. Ближе всего:",
    "В более старом документе иначе:",
    "Это есть в документе на другом языке:",
)
_ENGLISH = _Words(
    "“",
    "”",
    "No exact answer was found. The closest is:",
    "An older document differs:",
    "A document in another language has it:",
)


class Engine(Protocol):
    """Writes an answer from the passages that were found."""

    def write(
        self, question: str, choice: "Choice", history: Sequence[Turn]
    ) -> AsyncGenerator[Piece, None]:
        """Yield who writes, the text in pieces as it comes, and the citations."""


class ExtractiveEngine:
    """Quotes what answers, with its file and page, or says that this is only what comes closest."""

    def __init__(self, note: str = "") -> None:
        """`note` says why no model answers, where one was expected."""
        self.note = note

    async def write(
        self, question: str, choice: "Choice", history: Sequence[Turn]
    ) -> AsyncGenerator[Piece, None]:
        """Yield a quotation a paragraph, with its place below it."""
        yield Writer("extractive", note=self.note)
        words = _RUSSIAN if is_russian(question) else _ENGLISH
        intro = "" if choice.is_sure else f"{words.closest}\n\n"
        if choice.is_sure and choice.quote and _is_foreign(choice.quote.text, question):
            intro = f"{words.foreign}\n\n"
        for quote in filter(None, (choice.quote, choice.older)):
            hit = quote.hit
            citation = Citation(
                hit.file, quote.page, quote.heading, quote.text, recognised=hit.recognised
            )
            yield Token(intro + quoted(citation, words is _RUSSIAN))
            yield citation
            intro = f"\n\n{words.older}\n"


def _is_foreign(text: str, question: str) -> bool:
    """Tell whether hardly a letter of a text is of the question's alphabet."""
    cyrillic, every = letters_of(text)
    own = cyrillic if is_russian(question) else every - cyrillic
    return own < FOREIGN * every


class ServerEngine:
    """Lets the served model answer from the passages; citations are made from what it was sent."""

    def __init__(self, server: ModelServer, model: str, answer_tokens: int, note: str = "") -> None:
        """`note` says why it is not the model that a person would expect."""
        self.server = server
        self.model = model
        self.answer_tokens = answer_tokens
        self.note = note

    async def write(
        self, question: str, choice: "Choice", history: Sequence[Turn]
    ) -> AsyncGenerator[Piece, None]:
        """Yield tokens as they arrive; raise ServerError when the answer does not come whole."""
        from assistant.cite import citations

        found = choice.found
        fitted, stream, piece = await self._begin(question, found, history)
        texts: list[str] = []
        async with aclosing(stream):
            while not isinstance(piece, Finish):
                text = piece.translate(_UNSHOWN)
                if not texts:
                    text = text.lstrip()  # Mistral's first token carries the blank before it
                if text:
                    if not texts:
                        yield self._writer(found, history, fitted)
                    texts.append(text)
                    yield Token(text)
                piece = await anext(stream)
        if not texts:
            raise Incomplete("the model wrote nothing")
        if piece.reason == "length":
            yield Cut(piece.tokens)
        for citation in citations("".join(texts), fitted.hits):
            yield citation

    async def _begin(
        self, question: str, found: "Found", history: Sequence[Turn]
    ) -> tuple[Fitted, AsyncGenerator[str | Finish, None], str | Finish]:
        """What is sent, the stream and its first piece; half is sent if the server counts more."""
        for share in (1, 0.5):
            fitted = await fit(
                question, found.hits, history, self.server, self.answer_tokens, share
            )
            stream = self.server.stream(fitted.messages, fitted.answer_tokens)
            try:
                return fitted, stream, await anext(stream)
            except TooLong as error:
                refusal = error
        raise refusal

    def _writer(self, found: "Found", history: Sequence[Turn], fitted: Fitted) -> Writer:
        return Writer(
            "server",
            self.model,
            self.note,
            dropped_turns=len(history) - len(fitted.turns),
            dropped_passages=len(found.hits) - len(fitted.hits),
        )


class AutoEngine:
    """The served model while its server is healthy, and quotations when it is not."""

    def __init__(
        self,
        served: ServerEngine,
        first_word_seconds: float = FIRST_WORD_SECONDS,
        expected: Callable[[], bool] = lambda: True,
    ) -> None:
        """`expected` tells whether a server is meant to run; where none is, none is missed."""
        self.served = served
        self.first_word_seconds = first_word_seconds
        self.expected = expected

    async def write(
        self, question: str, choice: "Choice", history: Sequence[Turn]
    ) -> AsyncGenerator[Piece, None]:
        """Yield the model's answer; quote if it fails before its first word, raise if after."""
        async with aclosing(self.served.write(question, choice, history)) as pieces:
            try:
                async with asyncio.timeout(self.first_word_seconds):
                    first = await self._first(pieces)
            except ServerError as error:
                note = error.message
            except TimeoutError:
                note = f"the model began no answer within {self.first_word_seconds:g} s"
            else:
                yield first
                async for piece in pieces:
                    yield piece
                return
        note = note if self.expected() else ""
        async with aclosing(ExtractiveEngine(note).write(question, choice, history)) as quotes:
            async for piece in quotes:
                yield piece

    async def _first(self, pieces: AsyncGenerator[Piece, None]) -> Piece:
        await self.served.server.health()
        return await anext(pieces)


def quoted(citation: Citation, russian: bool) -> str:
    """A quotation with its place below it."""
    words = _RUSSIAN if russian else _ENGLISH
    return f"{words.left}{citation.quote}{words.right}\n— {place(citation, russian)}"


def place(citation: Citation, russian: bool) -> str:
    """Name the file and, where there is one, the page or else the section."""
    file, mark = printable(citation.file), recognised(citation.recognised, russian)
    if citation.page is not None:
        return f"{file}, {'стр.' if russian else 'p.'} {citation.page}{mark}"
    own = Path(file).stem.casefold()  # a page's title is often the name it was saved under
    parts = [part for part in headings_of(citation.heading) if part.casefold() not in own]
    return (f"{file}, {SEPARATOR.join(parts)}" if parts else file) + mark


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
        tgi = config.server_api == "tgi"
        name = config.adapter if tgi else config.server_model
        note = NO_ADAPTER if tgi and not name else ""
        served = ServerEngine(server, name, config.answer_tokens, note)
        expected = partial(is_expected, config)
        yield served if config.engine == "server" else AutoEngine(served, expected=expected)
