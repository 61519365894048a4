"""One streamed answer on the wire: begun when its first event is there, then read in batches."""

import asyncio
import time
from contextlib import suppress
from typing import Protocol

import aiohttp

from assistant.server.errors import BadReply, Incomplete
from assistant.server.http import Wire, late, seconds_until
from assistant.server.sse import EventReader
from assistant.server.types import Finish


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


class Stream:
    """A response whose body is a stream of events, to be whole at `ends` (monotonic).

    One timer watches over the silence and the deadline: aiohttp would set one per token.
    """

    def __init__(self, wire: Wire, response: aiohttp.ClientResponse, ends: float) -> None:
        self._wire = wire
        self._response = response
        self._reader = EventReader()
        self._ends = ends
        self._waits: float | None = None  # for bytes, since when
        self._fault: Incomplete | None = None
        self._timer = self._watch_again()

    async def batch(self) -> list[bytes]:
        """The next events, at least one; none at the end of the body. Raises Incomplete."""
        content, feed = self._response.content, self._reader.feed
        try:
            while True:
                self._waits = time.monotonic()
                chunk = await content.readany()
                if not chunk:
                    return []
                if events := feed(chunk):
                    return events
        except (aiohttp.ClientError, OSError) as error:
            raise (self._fault or self._wire.cut()) from error
        finally:
            self._waits = None

    def _watch(self) -> None:
        now, silence = time.monotonic(), self._wire.timeouts.silence
        if now >= self._ends:
            self._fault = late()
        elif self._waits is not None and now - self._waits >= silence:
            self._fault = self._wire.silent()
        if self._fault:
            self._response.close()
        else:
            self._timer = self._watch_again()

    def _watch_again(self) -> asyncio.TimerHandle:
        """Look again when the silence, or the answer, would have lasted too long."""
        silence = self._wire.timeouts.silence
        now = time.monotonic()
        first = min(self._ends, silence + (now if self._waits is None else self._waits))
        return asyncio.get_running_loop().call_later(max(first - now, 0) + 0.001, self._watch)

    async def check(self) -> None:
        """Raise unless this is a stream of events."""
        if self._response.status != 200:
            try:
                async with asyncio.timeout(self._wire.timeouts.short):
                    answer = await self._wire.whole(self._response)
            except (TimeoutError, aiohttp.ClientError, OSError):
                answer = b""
            raise self._wire.refused(self._response.status, answer)
        if self._response.content_type != "text/event-stream":
            raise self._wire.strange(f"it sends {self._response.content_type}, not events")

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
    wire: Wire, path: str, body: bytes, parser: Parser, ends: float
) -> tuple[Stream, str, list[bytes]]:
    """Send a request; return its stream, the text of its first event, and the events after that.

    The whole answer may take until `ends` (monotonic). TGI says "overloaded" in the first event of
    a reply that began well; as no text has arrived by then, this may be called again.
    """
    left = seconds_until(ends)
    silence = wire.timeouts.silence
    try:
        async with asyncio.timeout(min(left, silence)):
            response = await wire.request(path, body)
    except TimeoutError as error:
        raise (late() if left < silence else wire.silent()) from error
    except (aiohttp.ClientError, OSError) as error:
        raise wire.cut() from error
    stream = Stream(wire, response, ends)
    try:
        await stream.check()
        events = await stream.batch()
        if not events:
            raise Incomplete(f"the model server at {wire.shown} ended the answer before it began")
        return stream, parser.read(events[0]), events[1:]
    except BaseException:
        stream.close()
        raise
