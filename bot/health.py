"""Tells on a local port how the bot is: /healthz for people and supervisors, /metrics."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from bot.base.metrics import Metrics
from core.errors import UserError

HOST = "127.0.0.1"
Health = Callable[[], dict[str, object]]


@asynccontextmanager
async def health_server(port: int, health: Health, metrics: Metrics) -> AsyncIterator[int]:
    """Serve while it is open, and give the port. `health` has an "ok", and numbers beside it.

    /healthz answers 200 where ok is true and 503 where it is not. Raises UserError for a port that
    is taken; 0 takes any.
    """

    async def healthz(_: web.Request) -> web.Response:
        state = health()
        return web.json_response(state, status=200 if state["ok"] else 503)

    async def show_metrics(_: web.Request) -> web.Response:
        return web.Response(body=metrics.text(), content_type="text/plain", charset="utf-8")

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/metrics", show_metrics)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, HOST, port).start()
        except OSError as error:
            reason = error.strerror or str(error)
            message = f"the port {port} for the bot's health cannot be opened ({reason})"
            raise UserError(message, "set OPSCTL_HEALTH_PORT to a free port") from error
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
