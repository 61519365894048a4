"""The writer of events: framing, and the comment that fills a silence."""

import asyncio
from collections.abc import AsyncGenerator

from aiohttp import ClientSession, web

from localtgi.server import sse
from tests.localtgi.server import PATIENCE


async def read(events: AsyncGenerator[bytes, None], keep_alive: float, enough: int) -> bytes:
    """What a reader gets of the events: so many bytes, after which it goes."""

    async def handler(request: web.Request) -> web.StreamResponse:
        return await sse.respond(request, events, keep_alive)

    app = web.Application()
    app.add_routes([web.get("/", handler)])
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        async with ClientSession() as session, session.get(f"http://{host}:{port}/") as response:
            assert response.headers["Content-Type"] == "text/event-stream"
            return await response.content.readexactly(enough)
    finally:
        await runner.cleanup()


def test_only_silence_is_filled() -> None:
    async def check() -> None:
        go_on = asyncio.Event()

        async def events() -> AsyncGenerator[bytes, None]:
            yield sse.event({"text": "да"})
            yield sse.event({"text": "нет"})
            await go_on.wait()

        start = 'data: {"text": "да"}\n\ndata: {"text": "нет"}\n\n'.encode() + b":\n\n" * 3
        assert await read(events(), 0.01, len(start)) == start

    asyncio.run(asyncio.wait_for(check(), PATIENCE))


def test_the_events_are_closed_when_the_reader_goes() -> None:
    async def check() -> None:
        closed = asyncio.Event()

        async def events() -> AsyncGenerator[bytes, None]:
            try:
                yield b"x"
                await asyncio.Event().wait()
            finally:
                closed.set()

        assert await read(events(), sse.KEEP_ALIVE, 1) == b"x"
        await closed.wait()

    asyncio.run(asyncio.wait_for(check(), PATIENCE))
