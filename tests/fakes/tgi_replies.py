"""A server of prepared replies: of other servers than TGI, and such as none should give."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from assistant.server.protocols.openai import ChatClient
from assistant.server.wire.http import Timeouts

MODELS = {"object": "list", "data": [{"id": "mistral", "max_model_len": 8192}]}
FIRST = {"choices": [{"index": 0, "delta": {"role": "assistant"}, "finish_reason": None}]}
HASTY = Timeouts(silence=1, short=2, deadline=5, busy=0.2, refused=0.2)


def chunk(text: object, reason: str | None = None) -> dict[str, Any]:
    """One chunk of vLLM's."""
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": reason}]}


def events(*payloads: object) -> web.Response:
    """A stream of events, with [DONE] where it is given."""
    lines = (p if isinstance(p, str) else json.dumps(p) for p in payloads)
    text = "".join(f"data: {line}\r\n\r\n" for line in lines)
    return web.Response(text=text, content_type="text/event-stream")


@asynccontextmanager
async def answering(
    replies: dict[str, web.Response],
) -> AsyncIterator[tuple[list[dict[str, Any]], str]]:
    """A server that has these replies and nothing else; its address, and what it was sent."""
    bodies = []

    async def reply(request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            bodies.append(await request.json())
        if not (found := replies.get(request.path)):
            return web.Response(status=404)
        headers = {"Content-Type": found.headers["Content-Type"]}
        return web.Response(body=found.body, status=found.status, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", reply)
    runner = web.AppRunner(app, shutdown_timeout=0.05, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield bodies, f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def server(
    replies: dict[str, web.Response], model: str = "", suffix: str = ""
) -> AsyncIterator[tuple[list[dict[str, Any]], ChatClient]]:
    """The client of the chat route in front of such a server, and the bodies that it sends."""
    async with (
        answering(replies) as (bodies, url),
        ChatClient(f"{url}{suffix}", model, timeouts=HASTY) as client,
    ):
        yield bodies, client


def replies(answer: web.Response, models: object = MODELS) -> dict[str, web.Response]:
    """A list of models and one answer."""
    return {"/v1/models": web.json_response(models), "/v1/chat/completions": answer}
