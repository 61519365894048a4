"""A server that cannot be reached, is not healthy, or is none; and addresses that are none."""

import asyncio
import contextlib
import socket
from pathlib import Path
from typing import Any

import pytest

from assistant.server.errors import (
    BadReply,
    Refused,
    ServerDown,
    Unhealthy,
)
from assistant.server.protocols.tgi import TGIClient
from assistant.server.wire.http import Timeouts
from core.errors import UsageError
from tests.fakes.broken_servers import with_certificate
from tests.fakes.tgi_clients import CLIENTS, KEY, QUICK, ask, assert_told, fails, run, tgi
from tests.fakes.tgi_play import Play

HASTY = Timeouts(silence=0.3, short=2, deadline=5, busy=0.2, refused=0.2)


@CLIENTS
def test_nobody_listens(client_of: Any) -> None:
    """Health says so at once; the exit code is that of a server that is not running."""

    async def main() -> None:
        async with client_of(Play(), HASTY) as (fake, client):
            await fake.stop()
            with pytest.raises(Refused) as caught:
                await client.health()
            assert_told(caught.value)
            assert caught.value.exit_code == 3
            _, error = await fails(client)
            assert type(error) is Refused

    run(main)


@CLIENTS
def test_an_unhealthy_server(client_of: Any) -> None:
    """503 is broken, not starting."""

    async def main() -> None:
        async with client_of(Play(healthy=False)) as (fake, client):
            with pytest.raises(Unhealthy) as caught:
                await client.health()
            assert_told(caught.value)
            assert caught.value.exit_code == 3
            fake.play = Play()
            await client.health()

    run(main)


def test_a_server_that_never_answers() -> None:
    """A port that takes connections and says nothing."""

    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            async with TGIClient(url, "hackatone", timeouts=Timeouts(short=0.1)) as client:
                with pytest.raises(ServerDown, match="does not answer within") as caught:
                    await client.health()
                assert_told(caught.value)

    run(main)


def test_a_server_that_takes_no_connection() -> None:
    """Its line of connections is full, as behind a firewall that drops packets."""

    async def main() -> None:
        with socket.socket() as listener, contextlib.ExitStack() as line:
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            for _ in range(4):
                waiting = line.enter_context(socket.socket())
                waiting.setblocking(False)
                waiting.connect_ex(listener.getsockname())
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            async with TGIClient(url, "hackatone", timeouts=Timeouts(connect=0.3)) as client:
                with pytest.raises(ServerDown, match="accepts no connection") as caught:
                    await client.health()
                assert_told(caught.value)

    run(main)


def test_https_where_there_is_none() -> None:
    """The sentence asks for the right one of the two."""

    async def main() -> None:
        async with tgi(Play()) as (fake, _):
            url = fake.url.replace("http:", "https:")
            async with TGIClient(url, "hackatone", timeouts=QUICK) as client:
                with pytest.raises(ServerDown, match="no secure connection") as caught:
                    await client.health()
                assert_told(caught.value)

    run(main)


def test_a_certificate_that_nobody_trusts(tmp_path: Path) -> None:
    async def main() -> None:
        async with TGIClient(url, "hackatone", timeouts=QUICK) as client:
            with pytest.raises(ServerDown, match=r"certificate of .* self-signed") as caught:
                await client.health()
            assert "SSL_CERT_FILE" in caught.value.hint

    with with_certificate(tmp_path / "server.pem", days=2) as port:
        url = f"https://127.0.0.1:{port}"
        run(main)


@pytest.mark.parametrize("reply", [b"SSH-2.0-OpenSSH_9.6\r\n", b""], ids=["other", "closes"])
def test_a_port_of_something_else(reply: bytes) -> None:
    """Another protocol, and a peer that hangs up."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(reply)
        await writer.drain()
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            async with TGIClient(url, "hackatone", timeouts=QUICK) as client:
                with pytest.raises((BadReply, ServerDown)) as caught:
                    await client.health()
                assert_told(caught.value)

    run(main)


def test_an_unknown_host() -> None:
    """A name that no server of names knows; .invalid never is one."""

    async def main() -> None:
        async with TGIClient("http://tgi.invalid:8080", "hackatone", timeouts=QUICK) as client:
            with pytest.raises(ServerDown) as caught:
                await client.health()
            assert_told(caught.value)

    run(main)


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://host", "http://", "http://h:port", ""])
def test_an_address_that_is_none(url: str) -> None:
    """Told as a mistake of the setting, before anything is sent."""
    with pytest.raises(UsageError) as caught:
        TGIClient(url, "hackatone")
    assert "OPSCTL_SERVER_URL" in caught.value.hint


def test_a_key_that_can_not_be_sent() -> None:
    """A line break would be another header; the message does not repeat the key."""
    with pytest.raises(UsageError) as caught:
        TGIClient("http://127.0.0.1:1", "hackatone", "top\nsecret")
    assert "secret" not in str(caught.value)


def test_an_address_with_a_password() -> None:
    """It is used, and not shown."""

    async def main() -> None:
        async with TGIClient("http://me:hush@127.0.0.1:1", "hackatone", timeouts=HASTY) as client:
            with pytest.raises(Refused) as caught:
                await client.health()
            assert "hush" not in caught.value.message

    run(main)


def test_the_address_of_a_tgi_with_v1() -> None:
    async def main() -> None:
        async with (
            tgi(Play()) as (fake, _),
            TGIClient(f"{fake.url}/v1", "hackatone", KEY, timeouts=QUICK) as client,
        ):
            assert (await ask(client))[0]

    run(main)


def test_not_a_tgi() -> None:
    """A server without TGI's routes."""

    async def main() -> None:
        async with (
            tgi(Play()) as (fake, _),
            TGIClient(f"{fake.url}/elsewhere", "hackatone", timeouts=QUICK) as client,
        ):
            with pytest.raises(BadReply) as caught:
                await client.limits()
            assert "OPSCTL_SERVER_API" in caught.value.hint

    run(main)
