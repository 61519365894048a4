"""Real proxies between the bot and Telegram, and a road behind them that cuts replies.

tinyproxy (HTTP, CONNECT) and microsocks (SOCKS5) are Debian's; the bot reaches the fake Bot API
through them by TLS, as it reaches Telegram.
"""

import asyncio
import os
import random
import signal
import ssl
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.broken_servers import make_certificate
from tests.gpu_server import free_port
from tests.real.parts import unpacked

NAME, WORD, OTHER = "ann", "right-word", "other-word"
CONFIG = """Port {port}
Listen 127.0.0.1
Allow 127.0.0.1
MaxClients 300
Timeout 600
LogLevel Critical
BasicAuth {name} {word}
"""


class RealProxy:
    """One of the two programs; it may be ended and started again, on the same port."""

    def __init__(self, kind: str, folder: Path) -> None:
        """`kind` is http or socks5. Raises MissingPartError."""
        self.kind = kind
        self.port = free_port()
        self._folder = folder
        package = "tinyproxy-bin" if kind == "http" else "microsocks"
        self._program = unpacked([package]) / "usr" / "bin" / package.removesuffix("-bin")

    @property
    def url(self) -> str:
        """Its address, with the right password."""
        return f"{self.kind}://{NAME}:{WORD}@127.0.0.1:{self.port}"

    async def start(self, word: str = WORD) -> None:
        """Start it, and wait until it listens."""
        if self.kind == "http":
            config = self._folder / f"tinyproxy-{self.port}.conf"
            config.write_text(CONFIG.format(port=self.port, name=NAME, word=word))
            argv = ["-d", "-c", str(config)]
        else:
            argv = ["-i", "127.0.0.1", "-p", str(self.port), "-u", NAME, "-P", word]
        quiet = asyncio.subprocess.DEVNULL
        self._process = await asyncio.create_subprocess_exec(
            self._program, *argv, stdout=quiet, stderr=quiet, start_new_session=True
        )
        while True:
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                return writer.close()
            assert self._process.returncode is None, f"{self._program} does not start"
            await asyncio.sleep(0.02)

    async def kill(self) -> None:
        """SIGKILL, with all it has forked."""
        self.signal(signal.SIGKILL)
        await self._process.wait()

    def signal(self, number: int) -> None:
        """To the whole of it."""
        os.killpg(self._process.pid, number)


@dataclass
class Road:
    """TLS in front of a server of this machine: cuts so many replies in half, delays each."""

    to: int
    certificate: Path
    half: int = 0
    delay: float = 0
    cut: int = 0
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> "Road":
        make_certificate(self.certificate, 9)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *reason: object) -> None:
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to = await asyncio.open_connection("127.0.0.1", self.to)
        both = {asyncio.ensure_future(self._there(reader, to))}
        both.add(asyncio.ensure_future(self._back(there, writer)))
        self._open |= both
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for task in both:
            task.cancel()
        self._open -= both
        writer.transport.abort()
        to.close()

    async def _there(self, reader: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while block := await reader.read(1 << 16):
                to.write(block)
                await to.drain()

    async def _back(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while block := await there.read(1 << 16):
                await asyncio.sleep(self.delay)
                if self.half:
                    self.half, self.cut = self.half - 1, self.cut + 1
                    writer.write(block[: len(block) // 2])
                    return await writer.drain()
                writer.write(block)
                await writer.drain()


async def trouble(proxies: list[RealProxy], road: Road, chance: random.Random) -> Counter[str]:
    """Do one wrong thing after another until cancelled; how often each was done."""
    done: Counter[str] = Counter()
    try:
        while True:
            await asyncio.sleep(0.5 + 2 * chance.random())
            proxy, what = chance.choice(proxies), list(WRONGS)[done.total() % len(WRONGS)]
            done[what] += 1
            await WRONGS[what](proxy, road, chance.random())
    except asyncio.CancelledError:
        return done


async def _killed(proxy: RealProxy, road: Road, chance: float) -> None:
    await proxy.kill()
    try:
        await asyncio.sleep(3 * chance)
    finally:
        await proxy.start()


async def _password(proxy: RealProxy, road: Road, chance: float) -> None:
    await proxy.kill()
    await proxy.start(OTHER)
    try:
        await asyncio.sleep(1 + 2 * chance)
    finally:
        await proxy.kill()
        await proxy.start()


async def _frozen(proxy: RealProxy, road: Road, chance: float) -> None:
    proxy.signal(signal.SIGSTOP)
    try:
        await asyncio.sleep(12 * chance)
    finally:
        proxy.signal(signal.SIGCONT)


async def _halved(proxy: RealProxy, road: Road, chance: float) -> None:
    road.half = 4
    try:
        await asyncio.sleep(2)
    finally:
        road.half = 0  # what fails is tried again later and later: it would be cut for ever


async def _slow(proxy: RealProxy, road: Road, chance: float) -> None:
    road.delay = chance
    try:
        await asyncio.sleep(3)
    finally:
        road.delay = 0


WRONGS = {
    "killed": _killed,
    "replies cut in half": _halved,
    "another password": _password,
    "slow": _slow,
    "frozen": _frozen,
}
