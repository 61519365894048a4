"""What both clients share: limits asked once, places in line, retries, and the answer's loop."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Self, TypeVar

import tenacity

from assistant.server.errors import (
    BadRequest,
    Deadline,
    Incomplete,
    Refused,
    ServerBusy,
    ServerDown,
    ServerError,
    TooLong,
)
from assistant.server.http import Timeouts, Wire, seconds_until
from assistant.server.places import Places
from assistant.server.stream import Parser, Stream, begin
from assistant.server.types import Finish, Limits

Result = TypeVar("Result")


class Client(ABC):
    """A client of one server: one pool of connections, closed by `aclose`."""

    def __init__(self, url: str, api_key: str | None, timeouts: Timeouts) -> None:
        self._wire = Wire(url, api_key, timeouts)
        self._timeouts = timeouts
        self._limits: Limits | None = None
        self._places: Places | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *reason: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._wire.aclose()

    async def limits(self) -> Limits:
        """What the server takes; asked once, and again after it was down or a prompt too long."""
        if self._limits is None:
            self._limits = await self._patiently(self._ask_limits)
        return self._limits

    @abstractmethod
    async def _ask_limits(self) -> Limits:
        """Ask the server for its limits."""

    @abstractmethod
    async def health(self) -> None:
        """Return if the server can work; otherwise raise."""

    def _relents(self, refusal: BadRequest) -> bool:
        """Whether the same is to be asked again in another form, which `body` now makes."""
        return False

    async def _answer(
        self, path: str, body: Callable[[Limits], bytes], parser: Parser
    ) -> AsyncGenerator[str | Finish, None]:
        """Yield the texts of a streamed answer, then its Finish; raise when it is not whole."""
        ends = time.monotonic() + self._timeouts.deadline
        texts: list[str] = []
        limits = await self.limits()
        places = await self._take_place(limits, ends)
        stream = None
        try:
            stream, text, events = await self._begin(path, lambda: body(limits), parser, ends)
            if text:
                stream.has_begun()
                texts.append(text)
                yield text
            while events or (not parser.done and (events := await self._more(stream, parser))):
                for payload in events:
                    if text := _read(parser, payload):
                        stream.has_begun()
                        texts.append(text)
                        yield text
                events = []
            if parser.finish is None:
                raise parser.unfinished()
            await stream.drain()
            yield parser.finish
        except ServerError as error:
            if isinstance(error, (ServerDown, TooLong)):
                self._limits = None
            if isinstance(error, Incomplete):
                error.tokens, error.text = parser.tokens, "".join(texts)
            raise
        finally:
            if stream:
                stream.close()
            places.give()

    async def _begin(
        self, path: str, body: Callable[[], bytes], parser: Parser, ends: float
    ) -> tuple[Stream, str, list[bytes]]:
        """The stream, the text of its first event and the events after that."""
        while True:
            try:
                return await self._patiently(
                    begin, self._wire, path, body(), parser, ends, self.health
                )
            except BadRequest as refusal:
                if not self._relents(refusal):
                    raise

    async def _more(self, stream: Stream, parser: Parser) -> list[bytes]:
        """The next events; none at the end, also where only its mark is missing."""
        if parser.finish is None:
            return await stream.batch()
        try:
            async with asyncio.timeout(self._timeouts.short):
                return await stream.batch()
        except (TimeoutError, ServerError):
            return []

    async def _take_place(self, limits: Limits, ends: float) -> Places:
        if self._places is None:
            self._places = Places(limits.max_concurrent)
        try:
            await self._places.take(seconds_until(ends))
        except TimeoutError:
            raise Deadline("no place at the model server became free in time") from None
        return self._places

    async def _patiently(
        self, attempt: Callable[..., Awaitable[Result]], *arguments: object
    ) -> Result:
        """Try again while the server has no place, or nobody listens there yet."""
        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type((ServerBusy, Refused)),
            wait=tenacity.wait_random_exponential(multiplier=0.05, max=2),
            stop=self._out_of_patience,
            reraise=True,
        )
        return await retrying(attempt, *arguments)

    def _out_of_patience(self, state: tenacity.RetryCallState) -> bool:
        refused = state.outcome is not None and isinstance(state.outcome.exception(), Refused)
        most = self._timeouts.refused if refused else self._timeouts.busy
        return (state.seconds_since_start or 0) >= min(most, self._timeouts.deadline)


def _read(parser: Parser, payload: bytes) -> str:
    """The text of an event; what follows the end of an answer cannot spoil it any more."""
    ended = parser.finish is not None
    try:
        return parser.read(payload)
    except ServerError:
        if ended:
            return ""
        raise
