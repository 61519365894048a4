"""A proxy on 127.0.0.1 that does wrong on demand: python -m tests.fakes.proxy --password NAME:WORD.

One port for HTTP (forwarding and CONNECT) and for SOCKS5, whichever the client speaks. In one
process: `async with FakeProxy() as proxy`. It counts what it let through.
"""

import argparse
import asyncio
import base64
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
BLOCK = 1 << 16
TELEGRAM = "telegram.invalid"


@dataclass
class FakeProxy:
    """`password` is NAME:WORD; `mute` takes connections and says nothing; `half` cuts each reply
    of Telegram in its middle, so many times; `refusal` is the status in place of a connection.

    Names are its own: TELEGRAM is this machine, and nobody but the proxy knows that.
    """

    password: str = ""
    mute: bool = False
    half: int = 0
    refusal: int = 0
    delay: float = 0
    port: int = 0
    passed: int = 0
    hosts: set[str] = field(default_factory=set)
    _open: set[Writer] = field(default_factory=set)

    async def __aenter__(self) -> "FakeProxy":
        await self.start()
        return self

    async def __aexit__(self, *reason: object) -> None:
        await self.stop()

    def url(self, kind: str, password: str | None = None) -> str:
        """Its address, with the password that it wants if no other is given."""
        word = self.password if password is None else password
        return f"{kind}://{word + '@' if word else ''}127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Open the port; the same one again after a stop."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the port and break off everything."""
        self._server.close()
        for writer in self._open:
            writer.transport.abort()
        await self._server.wait_closed()

    async def _serve(self, reader: Reader, writer: Writer) -> None:
        self._open.add(writer)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, ValueError):
                if self.mute:
                    await reader.read()
                    return
                first = await reader.readexactly(1)
                await (self._socks if first == b"\x05" else self._http)(first, reader, writer)
        finally:
            self._open.discard(writer)
            writer.close()

    async def _socks(self, _: bytes, reader: Reader, writer: Writer) -> None:
        methods = await reader.readexactly((await reader.readexactly(1))[0])
        wanted = 2 if self.password else 0
        if wanted not in methods:
            writer.write(b"\x05\xff")
            return await writer.drain()
        writer.write(bytes((5, wanted)))
        if self.password and not await self._knows(reader, writer):
            return
        kind = (await reader.readexactly(4))[3]
        size = 4 if kind == 1 else (await reader.readexactly(1))[0]
        raw = await reader.readexactly(size)
        host = ".".join(map(str, raw)) if kind == 1 else raw.decode()
        port = int.from_bytes(await reader.readexactly(2), "big")
        writer.write(bytes((5, 5 if self.refusal else 0, 0, 1, 0, 0, 0, 0, 0, 0)))
        if not self.refusal:
            await self._join(host, port, b"", reader, writer)

    async def _knows(self, reader: Reader, writer: Writer) -> bool:
        await reader.readexactly(1)
        words = [await reader.readexactly((await reader.readexactly(1))[0]) for _ in range(2)]
        good = b":".join(words).decode() == self.password
        writer.write(b"\x01\x00" if good else b"\x01\x01")
        return good

    async def _http(self, first: bytes, reader: Reader, writer: Writer) -> None:
        head = first + await reader.readuntil(b"\r\n\r\n")
        line, *fields = head.decode().split("\r\n")
        method, target, _ = line.split(" ")
        word = base64.b64encode(self.password.encode()).decode()
        if self.password and f"Proxy-Authorization: Basic {word}" not in fields:
            return writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        if self.refusal:
            return writer.write(f"HTTP/1.1 {self.refusal} No Way\r\n\r\n".encode())
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            host, _, port = target.rpartition(":")
            return await self._join(host, int(port), b"", reader, writer)
        parts = urlsplit(target)
        kept = [one for one in fields if not one.startswith("Proxy-")]
        path = target.partition(parts.netloc)[2] or "/"
        begun = "\r\n".join([f"{method} {path} HTTP/1.1", *kept]).encode()
        begun = begun.replace(b"Connection: keep-alive", b"Connection: close")
        await self._join(parts.hostname or "", parts.port or 80, begun, reader, writer)

    async def _join(
        self, host: str, port: int, begun: bytes, reader: Reader, writer: Writer
    ) -> None:
        self.passed += 1
        self.hosts.add(host)
        await asyncio.sleep(self.delay)
        there, to = await asyncio.open_connection("127.0.0.1" if host == TELEGRAM else host, port)
        self._open.add(to)
        to.write(begun)
        up = asyncio.ensure_future(_copy(reader, to))
        try:
            while block := await there.read(BLOCK):
                if self.half:
                    self.half -= 1
                    writer.write(block[: len(block) // 2])
                    await writer.drain()
                    return
                writer.write(block)
                await writer.drain()
        finally:
            up.cancel()
            self._open.discard(to)
            to.close()


async def _copy(reader: Reader, writer: Writer) -> None:
    with suppress(OSError):
        while block := await reader.read(BLOCK):
            writer.write(block)
            await writer.drain()


async def main() -> None:
    """Serve for ever; the port is the first line of the output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--password", default="")
    async with FakeProxy(parser.parse_args().password) as proxy:
        sys.stdout.write(f"{proxy.port}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
