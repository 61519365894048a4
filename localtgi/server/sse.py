"""Server-sent events as TGI frames them."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from aiohttp import web

KEEP_ALIVE = 15.0  # seconds of silence after which an empty comment is sent
HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}


def event(data: Mapping[str, Any]) -> bytes:
    """One event: an object as JSON."""
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


async def respond(
    request: web.Request,
    events: AsyncGenerator[bytes, None],
    keep_alive: float = KEEP_ALIVE,
) -> web.StreamResponse:
    """Send events as they come, and `:` after each `keep_alive` seconds without any.

    The events are closed at the end, also when the reader is gone.
    """
    response = web.StreamResponse(headers=HEADERS)
    async with aclosing(_with_keep_alive(events, keep_alive)) as chunks:
        try:
            await response.prepare(request)
            async for chunk in chunks:
                await response.write(chunk)
        except ConnectionError:
            pass  # the reader is gone, and closing the events stops the answer
    return response


async def _with_keep_alive(
    events: AsyncGenerator[bytes, None], silence: float
) -> AsyncGenerator[bytes, None]:
    coming: asyncio.Future[bytes] | None = None
    try:
        while True:
            coming = coming or asyncio.ensure_future(anext(events))
            done, _ = await asyncio.wait({coming}, timeout=silence)
            if not done:
                yield b":\n\n"
                continue
            try:
                yield coming.result()
            except StopAsyncIteration:
                return
            coming = None
    finally:
        if coming is not None:
            coming.cancel()
            await asyncio.wait({coming})
        await events.aclose()
