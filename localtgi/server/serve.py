"""Opens the port and runs the application until it is told to end."""

import asyncio
import signal
import socket
from collections.abc import Callable

from aiohttp import web

from localtgi.model.language import LanguageModel
from localtgi.server.app import Context, make_app
from localtgi.server.port import not_opened
from localtgi.server.requests import Limits
from localtgi.server.service import Service

GRACE = 0.2  # seconds that running answers have to end after SIGTERM


def run(
    model: LanguageModel,
    model_id: str,
    limits: Limits,
    api_key: str | None,
    sock: socket.socket,
    say: Callable[[str], None],
) -> None:
    """Serve a model until SIGTERM or SIGINT. Raise StartError if the port was taken meanwhile."""

    async def main() -> None:
        context = Context(Service(model, limits), model_id, api_key)
        await _serve(make_app(context), sock, say)

    asyncio.run(main())


async def _serve(app: web.Application, sock: socket.socket, say: Callable[[str], None]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    # A reader that goes away cancels its handler, and so its answer.
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=GRACE, access_log=None)
    await runner.setup()
    host, port = sock.getsockname()[:2]
    try:
        await web.SockSite(runner, sock).start()
    except OSError as error:
        raise not_opened(host, port, error) from error
    say(f"ready on http://{f'[{host}]' if ':' in host else host}:{port}")
    await stop.wait()
    say("stopping")
    await runner.cleanup()
