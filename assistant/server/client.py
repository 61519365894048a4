"""What both clients share: limits asked once, places in line, retries, and the answer's loop."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractContextManager, aclosing, nullcontext
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
from assistant.server.places import Places
from assistant.server.types import Finish, Limits
from assistant.server.wire.http import Timeouts, Wire, seconds_until
from assistant.server.wire.stream import Parser, Stream, begin

Result = TypeVar("Result")
# For so many seconds after it was well, or has ended an answer, a server is not asked how it is.
WELL = 10.0


class Client(ABC):
    """A client of one server: one pool of connections, closed by `aclose`.

    `is_ours` tells whether opsctl starts the server, which decides the advice in errors.
    """

    def __init__(
        self, url: str, api_key: str | None, timeouts: Timeouts, is_ours: bool = True
    ) -> None:
        self._wire = Wire(url, api_key, timeouts)
        self._timeouts = timeouts
        self._is_ours = is_ours
        self._limits: Limits | None = None
        self._places: Places | None = None
        self._well_until = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *reason: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._wire.aclose()

    async def limits(self) -> Limits:
        """What the server takes; asked once, and again after it was down or a prompt too long."""
        if self._limits is None:
            with self._advising():
                self._limits = await self._patiently(self._ask_limits)
            self._seat(self._limits)
        return self._limits

    @property
    def slots(self) -> int | None:
        """How many requests the server takes at a time, as it said last; None before it did."""
        return self._places.count if self._places else None

    async def health(self) -> None:
        """Return if the server can work, or just could; otherwise raise."""
        if time.monotonic() >= self._well_until:
            await self._look()

    async def _look(self) -> None:
        with self._advising():
            await self._check_health()
        self._well_until = time.monotonic() + WELL

    @abstractmethod
    async def _ask_limits(self) -> Limits:
        """Ask the server for its limits."""

    @abstractmethod
    async def _check_health(self) -> None:
        """Return if the server can work; otherwise raise."""

    def _advising(self) -> AbstractContextManager[None]:
        """Errors have the advice that helps with this server."""
        return nullcontext() if self._is_ours else ServerError.of_others()

    def _relents(self, refusal: BadRequest) -> bool:
        """Whether the same is to be asked again in another form, which `body` now makes."""
        return False

    async def _answer(
        self, path: str, body: Callable[[Limits], bytes], parser: Parser
    ) -> AsyncGenerator[str | Finish, None]:
        """Yield the texts of a streamed answer, then its Finish; raise when it is not whole."""
        with self._advising():
            async with aclosing(self._answered(path, body, parser)) as pieces:
                async for piece in pieces:
                    yield piece

    async def _answered(
        self, path: str, body: Callable[[Limits], bytes], parser: Parser
    ) -> AsyncGenerator[str | Finish, None]:
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
            self._well_until = time.monotonic() + WELL
            yield parser.finish
        except ServerError as error:
            self._well_until = 0
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
                    begin, self._wire, path, body(), parser, ends, self._look
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

    def _seat(self, limits: Limits) -> Places:
        if self._places is None:
            self._places = Places(limits.max_concurrent)
        self._places.count = limits.max_concurrent
        return self._places

    async def _take_place(self, limits: Limits, ends: float) -> Places:
        places = self._seat(limits)
        try:
            await places.take(seconds_until(ends))
        except TimeoutError:
            raise Deadline("no place at the model server became free in time") from None
        return places

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
