"""One route to Telegram: direct, or through a proxy. It tells how far each request came."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from core.telegram_address import place, proxy

SETTING = "OPSCTL_TELEGRAM_PROXY"
SET_UP = 10.0  # seconds for a connection, after its TCP: the proxy's greeting, CONNECT and TLS
# The request never left: Telegram cannot have executed it.
NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


@dataclass(frozen=True)
class Route:
    """A route to Telegram; `origin` names the setting or variable that a proxy comes from."""

    proxy: str = field(default="", repr=False)
    origin: str = ""

    @property
    def place(self) -> str:
        """The proxy's host and port; nothing for the direct route."""
        return place(self.proxy)


def routes_to(url: str, proxies: Iterable[str]) -> tuple[Route, ...]:
    """The proxies that are set, else the environment's for this address, else the direct route.

    Raises UsageError for a proxy of the environment that cannot be used.
    """
    if given := tuple(Route(one, SETTING) for one in proxies):
        return given
    parts, found = urlsplit(url), getproxies()
    if not proxy_bypass(parts.netloc):
        for kind in (parts.scheme, "all"):
            if text := found.get(kind):
                return (Route(_usual(text, name := f"{kind.upper()}_PROXY"), name),)
    return (Route(),)


def _usual(text: str, name: str) -> str:
    """A proxy of the environment, where host:port is HTTP, and socks:// is GNOME's SOCKS5."""
    text = text if "://" in text else f"http://{text}"
    if text.startswith("socks://"):
        text = text.replace("socks", "socks5", 1)
    return proxy(text, name)


class Attempt:
    """How far one request came; found in `extensions` of the request of an error."""

    def __init__(self, route: Route) -> None:
        self.route = route
        self.passed = not route.proxy  # the proxy has connected us
        self.sent = False
        self.slow = False  # the connection was given up
        self._stream: Any = None
        self._limit: asyncio.TimerHandle | None = None

    async def trace(self, event: str, info: dict[str, Any]) -> None:
        """What httpcore does, in its own words."""
        step = event.partition(".")[2]
        if step == "connect_tcp.complete":
            self._stream = info["return_value"]
            self._limit = asyncio.get_running_loop().call_later(SET_UP, self._cut)
        elif step == "setup_socks5_connection.complete" or event == "proxy.start_tls.started":
            self.passed = True
        elif step == "send_request_headers.started" and info["request"].method != b"CONNECT":
            self.sent = True
            self.end()

    def end(self) -> None:
        """The connection is made, or is not wanted any more."""
        if self._limit:
            self._limit.cancel()

    async def close(self) -> None:
        """Close what was connected: httpcore leaves it open after a SOCKS proxy's refusal."""
        if self._stream:
            with suppress(Exception):
                await self._stream.aclose()

    def _cut(self) -> None:
        # httpcore has no limit of time for a SOCKS greeting, and a request that is cancelled
        # there holds its place in the pool for ever (1.0.9); one that fails gives it back.
        self.slow = True
        self._closing = asyncio.ensure_future(self.close())


class Pool(httpx.AsyncBaseTransport):
    """Connections by one route. What fails before the request has left is one of NOT_SENT."""

    def __init__(self, route: Route, connections: int) -> None:
        self._route = route
        secure = _certificates() if route.proxy.startswith("https:") else None
        self._pool = httpx.AsyncHTTPTransport(
            verify=_certificates(),
            limits=httpx.Limits(max_connections=connections),
            proxy=httpx.Proxy(route.proxy, ssl_context=secure) if route.proxy else None,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The reply; raises httpx.TransportError."""
        attempt = Attempt(self._route)
        request.extensions |= {"attempt": attempt, "trace": attempt.trace}
        try:
            reply = await self._pool.handle_async_request(request)
        except httpx.PoolTimeout:
            raise
        except BaseException as error:
            if attempt.sent:
                raise
            await attempt.close()
            if isinstance(error, NOT_SENT) or not isinstance(error, Exception):
                raise
            slow = attempt.slow or isinstance(error, httpx.TimeoutException)
            kind = httpx.ConnectTimeout if slow else httpx.ConnectError
            raise kind(f"{type(error).__name__} before the request was sent") from error
        finally:
            attempt.end()
        if reply.status_code == httpx.codes.PROXY_AUTHENTICATION_REQUIRED:
            await reply.aclose()
            attempt.sent = False  # not to Telegram
            raise httpx.ProxyError(f"{reply.status_code} {reply.reason_phrase}")
        return reply

    async def aclose(self) -> None:
        await self._pool.aclose()


@cache
def _certificates() -> Any:
    """Made once: reading the authorities takes longer than a request."""
    return httpx.create_ssl_context()
