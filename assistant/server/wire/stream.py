"""One streamed answer on the wire: begun when its first event is there, then read in batches."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol, TypeVar

import aiohttp

from assistant.server.errors import BadReply, Incomplete, Refused, ServerError, Unhealthy
from assistant.server.types import Finish
from assistant.server.wire.http import Wire, is_closed, late, seconds_until
from assistant.server.wire.sse import EventReader

Result = TypeVar("Result")
# So many looks in a row must fail: a server on a busy machine may be late for one.
DOUBTS = 2
Lives = Callable[[], Awaitable[None]]


class Parser(Protocol):
    """Reads the events of one answer; `done` when no more are to come."""

    tokens: int
    done: bool

    @property
    def finish(self) -> Finish | None:
        """How the answer ended; None while it is not whole."""
        ...

    def read(self, payload: bytes) -> str:
        """The text of an event, perhaps none; raises ServerError for an error of the server."""
        ...

    def unfinished(self) -> ServerError:
        """The error of a body that ended before the answer did."""
        ...


class Stream:
    """A response whose body is a stream of events, to be whole at `ends` (monotonic).

    One timer watches over the silence and the deadline: aiohttp would set one per token.
    """

    def __init__(
        self, wire: Wire, response: aiohttp.ClientResponse, ends: float, lives: Lives
    ) -> None:
        self._wire = wire
        self._lives = lives
        self._response = response
        self._reader = EventReader()
        self._ends = ends
        self._is_whole = False  # no stream, but the answer in one piece
        self._begun = False  # the answer: it has a word
        self._waits: float | None = None  # for bytes, since when
        self._fault: Incomplete | None = None
        self._timer = self._watch_again()

    def has_begun(self) -> None:
        """From now on silence is limited."""
        if not self._begun:
            self._begun = True
            self._timer.cancel()
            self._timer = self._watch_again()

    async def batch(self) -> list[bytes]:
        """The next events, at least one; none at the end of the body. Raises Incomplete.

        Before the answer begins ServerDown, too, for a server that does not live any more.
        """
        reading = self._read()
        return await (reading if self._begun else patient(reading, self._wire, self._lives))

    async def _read(self) -> list[bytes]:
        content, feed = self._response.content, self._reader.feed
        self._waits = time.monotonic()
        try:
            if self._is_whole:
                self._is_whole = False
                return [await self._wire.whole(self._response)]
            while True:
                chunk = await content.readany()
                if not chunk:
                    return []
                if events := feed(chunk):
                    return events
        except (aiohttp.ClientError, OSError) as error:
            raise (self._fault or self._wire.cut(self._begun)) from error
        finally:
            self._waits = None

    def _watch(self) -> None:
        now, silence = time.monotonic(), self._wire.timeouts.silence
        if now >= self._ends:
            self._fault = late()
        elif self._begun and self._waits is not None and now - self._waits >= silence:
            self._fault = self._wire.silent()
        if self._fault:
            self._response.close()
        else:
            self._timer = self._watch_again()

    def _watch_again(self) -> asyncio.TimerHandle:
        """Look again when the silence, or the answer, would have lasted too long."""
        silence = self._wire.timeouts.silence if self._begun else math.inf
        now = time.monotonic()
        first = min(self._ends, silence + (now if self._waits is None else self._waits))
        return asyncio.get_running_loop().call_later(max(first - now, 0) + 0.001, self._watch)

    async def check(self) -> None:
        """Raise unless this is a stream of events, or JSON of a server that cannot stream."""
        if self._response.status != 200:
            try:
                async with asyncio.timeout(self._wire.timeouts.short):
                    answer = await self._wire.whole(self._response)
            except (TimeoutError, aiohttp.ClientError, OSError):
                answer = b""
            raise self._wire.refused(self._response.status, answer)
        kind = self._response.content_type
        self._is_whole = kind == "application/json"
        if not self._is_whole and kind != "text/event-stream":
            what = "a web page" if kind == "text/html" else kind
            raise self._wire.strange(f"it sends {what}, not an answer")

    async def drain(self) -> None:
        """Read the little that follows the last event, so that the connection can be used again."""
        seconds = min(1, self._wire.timeouts.short)
        with suppress(aiohttp.ClientError, asyncio.TimeoutError, OSError, BadReply):
            async with asyncio.timeout(seconds):
                await self._wire.whole(self._response)

    def close(self) -> None:
        """Give the connection back, or end it if the body was not read to its end."""
        self._timer.cancel()
        self._response.close()


async def begin(
    wire: Wire,
    path: str,
    body: bytes,
    parser: Parser,
    ends: float,
    lives: Lives,
) -> tuple[Stream, str, list[bytes]]:
    """Send a request; return its stream, the text of its first event, and the events after that.

    The whole answer may take until `ends` (monotonic); `lives` raises for a server that does not
    answer any more. TGI says "overloaded" in the first event of a reply that began well; as no text
    has arrived by then, this may be called again.
    """
    try:
        async with asyncio.timeout(seconds_until(ends)):
            response = await patient(wire.request(path, body), wire, lives)
    except TimeoutError as error:
        raise late() from error
    except (aiohttp.ClientError, OSError) as error:
        raise (wire.closed() if is_closed(error) else wire.cut(begun=False)) from error
    stream = Stream(wire, response, ends, lives)
    try:
        await stream.check()
        events = await stream.batch()
        if not events:
            raise Incomplete(f"the model server at {wire.shown} ended the answer before it began")
        return stream, parser.read(events[0]), events[1:]
    except BaseException:
        stream.close()
        raise


async def patient(awaited: Awaitable[Result], wire: Wire, lives: Lives) -> Result:
    """What is awaited, however long it takes, as long as the server lives."""
    dead: list[ServerError] = []

    async def watch() -> None:
        doubts = 0
        while not dead:
            await asyncio.sleep(wire.timeouts.look)
            try:
                await lives()
                doubts = 0
            except Unhealthy:
                doubts = 0  # it answers
            except ServerError as error:
                doubts += 1
                if doubts == DOUBTS or isinstance(error, Refused):
                    dead.append(error)
        scope.reschedule(0)

    try:
        async with asyncio.timeout(None) as scope:
            watcher = asyncio.ensure_future(watch())
            try:
                return await awaited
            finally:
                watcher.cancel()
    except TimeoutError:
        raise dead[0] if dead else TimeoutError from None
