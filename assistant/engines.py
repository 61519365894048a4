"""The engines that write answers: the served model, quotations, and the better of the two."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from assistant.budget import Fitted, fewer, fit
from assistant.draft import Draft
from assistant.events import (
    REPEATS,
    Citation,
    Cut,
    Piece,
    Refusal,
    Token,
    Turn,
    Unsupported,
    Writer,
)
from assistant.prompt import TRAINED, Frames, frames, is_trained
from assistant.question.clean import is_russian
from assistant.quotation import quoted
from assistant.server.errors import Incomplete, ServerBusy, ServerError, TooLong
from assistant.server.record import access, is_expected
from assistant.server.types import Finish, ModelServer
from core.settings import Settings
from indexer.passages.words import letters_of

if TYPE_CHECKING:
    from assistant.quote import Choice
    from indexer.search.searcher import Found, Hit

# How long before the deadline of an answer `auto` gives up waiting for its first word, and quotes.
LEFT_FOR_QUOTES = 5.0
NO_ADAPTER = "no adapter is set: the base model answers"
OWN_PROMPT = "OPSCTL_PROMPT is not used: the adapter knows only the instructions of its training"
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
    """What is said before quotations."""

    closest: str
    older: str
    foreign: str


_RUSSIAN = _Words(
    "Точного ответа не нашёл. Ближе всего:",
    "В более старом документе иначе:",
    "Это есть в документе на другом языке:",
)
_ENGLISH = _Words(
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

    def __init__(self, error: ServerError | None = None) -> None:
        """`error` is why no model answers, where one was expected."""
        self._writer = Writer("extractive")
        if error:
            kind = type(error).__name__
            self._writer = Writer(
                "extractive",
                note=error.message,
                fault=kind,
                in_short=error.in_short,
                hint=error.hint,
            )

    async def write(
        self, question: str, choice: "Choice", history: Sequence[Turn]
    ) -> AsyncGenerator[Piece, None]:
        """Yield a quotation a paragraph, with its place below it."""
        yield self._writer
        words = _RUSSIAN if is_russian(question) else _ENGLISH
        intro = "" if choice.is_sure else f"{words.closest}\n\n"
        if choice.is_sure and choice.quote and _is_foreign(choice.quote.text, question):
            intro = f"{words.foreign}\n\n"
        for quote in filter(None, (choice.quote, choice.older)):
            hit = quote.hit
            citation = Citation(
                hit.file,
                quote.page,
                quote.heading,
                quote.text,
                last_page=quote.last_page,
                recognised=hit.recognised,
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

    def __init__(
        self,
        server: ModelServer,
        model: str,
        answer_tokens: int,
        note: str = "",
        frames: Frames = lambda question: TRAINED,
    ) -> None:
        """`note` says why it is not what a person would expect; `frames` make the prompts."""
        self.frames = frames
        self.server = server
        self.model = model
        self.answer_tokens = answer_tokens
        self.note = note

    async def write(
        self, question: str, choice: "Choice", history: Sequence[Turn]
    ) -> AsyncGenerator[Piece, None]:
        """Yield tokens as they arrive; raise ServerError where none does.

        Once a word has come, nothing that follows takes it away: what breaks off is cut.
        """
        found = choice.found
        fitted, stream, first = await self._begin(question, found, history)
        draft, cut, has_begun = Draft(), None, False
        piece: str | Finish | Cut = first
        async with aclosing(_to_its_end(first, stream, draft)) as pieces:
            async for piece in pieces:
                if isinstance(piece, str):
                    events = draft.add(piece.translate(_UNSHOWN))
                else:
                    events, cut = draft.end(), _cut(piece)
                for event in events:
                    if not has_begun:
                        has_begun = True
                        yield self._writer(found, history, fitted)
                    yield event
                if draft.repeats:
                    cut = Cut(REPEATS)
                    break
        if not draft.shown:
            raise _nothing(draft, piece)
        if cut:
            yield cut
        for judgement in _judged(draft.shown, fitted.hits):
            yield judgement

    async def _begin(
        self, question: str, found: "Found", history: Sequence[Turn]
    ) -> tuple[Fitted, AsyncGenerator[str | Finish, None], str | Finish]:
        """What is sent, the stream and its first piece.

        Where the server counts more tokens, a part after the other is left out until all fits.
        """
        most, frame = None, self.frames(question)
        while True:
            fitted = await fit(
                question, found.hits, history, self.server, self.answer_tokens, frame, most
            )
            stream = self.server.stream(fitted.messages, fitted.answer_tokens)
            try:
                return fitted, stream, await anext(stream)
            except TooLong as refusal:
                most = await fewer(fitted, refusal, self.server)

    def _writer(self, found: "Found", history: Sequence[Turn], fitted: Fitted) -> Writer:
        return Writer(
            "server",
            self.server.model or self.model,
            self.note,
            dropped_turns=len(history) - len(fitted.turns),
            dropped_passages=len(found.hits) - len(fitted.hits),
        )


async def _to_its_end(
    piece: str | Finish, stream: AsyncGenerator[str | Finish, None], draft: Draft
) -> AsyncGenerator[str | Finish | Cut, None]:
    """The pieces of a stream; where it fails after the first word is a cut."""
    async with aclosing(stream):
        try:
            while not isinstance(piece, Finish):
                yield piece
                piece = await anext(stream)
            yield piece
        except ServerError as error:
            if not draft.shown:
                raise
            yield Cut(error.message, type(error).__name__)


def _judged(said: str, hits: "Sequence[Hit]") -> Iterator[Refusal | Citation | Unsupported]:
    """A refusal; or the sources that an answer names, and what of it no passage supports."""
    from assistant.cite import citations, is_refusal, unsupported

    if is_refusal(said):
        yield Refusal()
        return
    yield from citations(said, hits)
    if sentences := unsupported(said, hits):
        yield Unsupported(sentences)


def _cut(end: Finish | Cut) -> Cut | None:
    if isinstance(end, Cut):
        return end
    return Cut() if end.reason == "length" else None


def _nothing(draft: Draft, end: object) -> Incomplete:
    """The error of an answer without a word for people."""
    if draft.written.strip() or (isinstance(end, Finish) and end.thought):
        return Incomplete(
            "the model thought, and wrote no answer",
            "raise OPSCTL_ANSWER_TOKENS, or switch thinking off where the model is served",
        )
    return Incomplete("the model wrote nothing")


class AutoEngine:
    """The served model while its server is healthy, and quotations when it is not."""

    def __init__(
        self,
        served: ServerEngine,
        first_word_seconds: float,
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
            except ServerError as failed:
                error = failed
            except TimeoutError:
                seconds = f"{self.first_word_seconds:g} s"
                advice = ServerBusy.advice_to_others
                error = ServerBusy(f"the model began no answer within {seconds}", advice)
            else:
                yield first
                async for piece in pieces:
                    yield piece
                return
        quoting = ExtractiveEngine(error if self.expected() else None)
        async with aclosing(quoting.write(question, choice, history)) as quotes:
            async for piece in quotes:
                yield piece

    async def _first(self, pieces: AsyncGenerator[Piece, None]) -> Piece:
        await self.served.server.health()
        return await anext(pieces)


def served_by(engine: Engine) -> ServerEngine | None:
    """The engine that asks the model server, where one does."""
    served = engine.served if isinstance(engine, AutoEngine) else engine
    return served if isinstance(served, ServerEngine) else None


@asynccontextmanager
async def open_engine(config: Settings) -> AsyncIterator[Engine]:
    """The engine of the settings, with its connections to the model server while it is open."""
    if config.engine == "extractive":
        yield ExtractiveEngine()
        return
    from assistant.server.connect import connect_to

    async with connect_to(config, config.answer_seconds) as server:
        how = access(config)
        name = how.adapter or how.model
        note = NO_ADAPTER if how.api == "tgi" and not name else ""
        if config.prompt and is_trained(config):
            note = OWN_PROMPT
        served = ServerEngine(server, name, config.answer_tokens, note, frames(config))
        expected = partial(is_expected, config)
        patience = max(config.answer_seconds - LEFT_FOR_QUOTES, config.answer_seconds / 2)
        yield served if config.engine == "server" else AutoEngine(served, patience, expected)
