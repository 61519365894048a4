"""The line to Telegram, shared by polls, calls and downloads: its routes, and which is in use."""

import asyncio
import logging
import time
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

import httpx

from bot.telegram.diagnosis import Diagnosis, from_error, from_reply
from bot.telegram.route import Pool, Route, routes_to
from bot.waiting import set_within

BACK = 30.0  # seconds between two looks whether an earlier proxy answers again
PROBE = 10.0  # seconds for its answer
LATELY = 90.0  # seconds after an answer in which Telegram is not thought to be blocked
GATEWAY = (502, 503, 504)
log = logging.getLogger(__name__)


class Line:
    """What leaves by a proxy that fails goes by the next one; the first is returned to."""

    def __init__(
        self,
        api_url: str,
        proxies: Iterable[str] = (),
        pace: float = 1,
        token_place: str = "the token",
    ) -> None:
        """`token_place`: where the bot's token is read from.

        Raises UsageError for a proxy of the environment that cannot be used.
        """
        parts = urlsplit(api_url)
        self.host = parts.netloc
        self._root = f"{parts.scheme}://{parts.netloc}/"
        self._pace = pace
        self._token_place = token_place
        self.routes = routes_to(api_url, proxies)
        self._current = 0
        self._suspected = asyncio.Event()
        self._answered = -LATELY

    @property
    def place(self) -> str:
        """The proxy in use, by host and port; nothing for the direct route."""
        return self.routes[self._current].place

    def transport(self, connections: int) -> httpx.AsyncBaseTransport:
        """For an httpx client of its own: so many connections by each route."""
        return _Transport(self, connections)

    async def run(self) -> None:
        """Look which proxies answer, when one is suspected or a later one is in use; for ever."""
        while True:
            suspected = await set_within(self._suspected, self._pace * BACK)
            self._suspected.clear()
            if len(self.routes) > 1 and (suspected or self._current):
                await self._look()
                await asyncio.sleep(self._pace)

    def in_turn(self) -> Iterator[Route]:
        """The routes for one request, from that in use on."""
        first = self._current
        for number in range(len(self.routes)):
            yield self.routes[(first + number) % len(self.routes)]

    def failed(self, route: Route) -> None:
        """Nothing got out by this route."""
        if route is self.routes[self._current]:
            self._take((self._current + 1) % len(self.routes))

    def suspect(self) -> None:
        """A reply did not come, or not from Telegram: it may be the proxy's fault."""
        self._suspected.set()

    def answered(self) -> None:
        """Telegram did."""
        self._answered = time.monotonic()

    def diagnose(self, error: BaseException) -> Diagnosis:
        worked = time.monotonic() - self._answered < LATELY
        return from_error(error, self.host, worked)

    def diagnose_reply(self, code: int, reply: bytes) -> Diagnosis | None:
        """What is wrong with the line by a reply; most refusals say nothing of it."""
        return from_reply(code, reply, self.host, self._token_place)

    async def _look(self) -> None:
        for number, route in enumerate(self.routes):
            if await self._is_open(route):
                return self._take(number)

    async def _is_open(self, route: Route) -> bool:
        try:
            async with httpx.AsyncClient(transport=Pool(route, 1), timeout=PROBE) as client:
                async with asyncio.timeout(PROBE):
                    reply = await client.get(self._root)
        except (httpx.HTTPError, TimeoutError):
            return False
        return reply.status_code not in GATEWAY

    def _take(self, number: int) -> None:
        if number != self._current:
            self._current = number
            log.warning("to Telegram by the proxy %s now", self.routes[number].place)


class _Transport(httpx.AsyncBaseTransport):
    """Sends a request by the first route that takes it; only one that never left is sent again."""

    def __init__(self, line: Line, connections: int) -> None:
        self._line = line
        self._pools = {route: Pool(route, connections) for route in line.routes}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The reply; raises httpx.TransportError."""
        failure: httpx.TransportError | None = None
        for route in self._line.in_turn():
            try:
                reply = await self._pools[route].handle_async_request(request)
            except httpx.PoolTimeout:
                raise
            except httpx.TransportError as error:
                if request.extensions["attempt"].sent:
                    self._line.suspect()
                    raise
                self._line.failed(route)
                failure = failure or error
            else:
                if reply.status_code in GATEWAY:
                    self._line.suspect()
                return reply
        assert failure
        raise failure

    async def aclose(self) -> None:
        await asyncio.gather(*(pool.aclose() for pool in self._pools.values()))
