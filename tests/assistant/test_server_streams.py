"""Streams as they come over a network: whole, cut, silent, split; and a reader who leaves."""

import asyncio
import json
from contextlib import aclosing
from typing import Any

import pytest

from assistant.server.errors import BadReply, Deadline, Incomplete, ServerDown
from assistant.server.protocols.openai import ChatClient
from assistant.server.protocols.tgi import TGIClient
from assistant.server.types import Finish
from assistant.server.wire.http import Timeouts
from tests.fakes.tgi_clients import CLIENTS, HELLO, ask, fails, run, tgi
from tests.fakes.tgi_play import Play
from tests.fakes.tgi_replies import chunk

LONG = Play(eos_every=0)


@CLIENTS
def test_a_whole_answer(client_of: Any) -> None:
    """The text comes in pieces; the end has the reason and the numbers."""

    async def main() -> None:
        async with client_of(LONG) as (fake, client):
            text, finish = await ask(client, 12)
            assert len(text.split()) == 12
            assert (finish.reason, finish.tokens) == ("length", 12)
            assert finish.input_tokens and finish.input_tokens > 3
            seen = fake.log.requests[0]
            assert seen.finished and seen.greedy and seen.adapter == "hackatone"

    run(main)


@CLIENTS
def test_the_end_of_sequence_token_is_not_shown(client_of: Any) -> None:
    """It ends the answer by the model's own will."""

    async def main() -> None:
        async with client_of(Play(eos_every=3)) as (_, client):
            text, finish = await ask(client, 200)
            assert finish.reason == "stop"
            assert "</s>" not in text

    run(main)


@CLIENTS
@pytest.mark.parametrize("after", [0, 5])
@pytest.mark.parametrize("fault", ["eof", "cut"])
def test_an_answer_that_is_cut(client_of: Any, fault: str, after: int) -> None:
    """A body that ends well and one that does not: neither is whole without its last event."""

    async def main() -> None:
        async with client_of(Play(fault=fault, after=after, eos_every=0)) as (fake, client):
            text, error = await fails(client)
            assert type(error) is Incomplete
            assert error.text == text and len(text.split()) <= after
            if fault == "eof":
                assert error.tokens == after
            assert len(fake.log.requests) == 1

    run(main)


@CLIENTS
def test_silence_in_an_answer(client_of: Any) -> None:
    """No event for longer than a living server would stay silent."""

    async def main() -> None:
        async with client_of(Play(fault="silence", after=3, eos_every=0)) as (fake, client):
            text, error = await fails(client)
            assert type(error) is Incomplete and "silent" in error.message
            assert len(text.split()) == error.tokens == 3
            await fake.until(lambda log: log.disconnects == 1)

    run(main)


@CLIENTS
def test_silence_before_an_answer_is_no_death(client_of: Any) -> None:
    """A queue, or a long prompt without a GPU: the server is asked whether it lives."""

    async def main() -> None:
        times = Timeouts(look=0.05, silence=0.1)
        async with client_of(Play(first_token=1, eos_every=0), times) as (_, client):
            assert (await ask(client))[1].tokens == 12

    run(main)


@CLIENTS
def test_a_server_that_hangs_before_an_answer_is_dead(client_of: Any) -> None:
    """It is asked, and does not answer either."""

    async def main() -> None:
        times = Timeouts(look=0.05, short=0.2)
        async with client_of(Play(first_token=60, eos_every=0), times) as (fake, client):
            await client.limits()
            fake.play = fake.play.changed(health_delay=60)
            text, error = await fails(client)
            assert (text, type(error)) == ("", ServerDown)
            assert "does not answer within 0.2 s" in error.message

    run(main)


@CLIENTS
@pytest.mark.parametrize("after", [0, 3])
def test_comments_are_life_before_an_answer_and_none_in_it(client_of: Any, after: int) -> None:
    """TGI's router sends them for a shard that hangs."""

    async def main() -> None:
        play = Play(fault="keepalive", after=after, keepalive=0.1, eos_every=0)
        async with client_of(play, Timeouts(silence=0.25, deadline=20)) as (_, client):
            if not after:
                assert (await ask(client))[1].tokens == 12
                return
            text, error = await fails(client)
            assert len(text.split()) == after and "silent" in error.message

    run(main)


@CLIENTS
@pytest.mark.parametrize("play", [Play(pace=0.05, eos_every=0), Play(first_token=60)])
def test_the_deadline(client_of: Any, play: Play) -> None:
    """An answer that goes on, and one that does not begin; the server is told to stop."""

    async def main() -> None:
        async with client_of(play, Timeouts(deadline=0.3)) as (fake, client):
            text, error = await fails(client, 1000)
            assert type(error) is Deadline
            assert error.text == text
            await fake.until(lambda log: log.disconnects == 1 and log.running == 0)

    run(main)


@CLIENTS
def test_a_reader_who_leaves(client_of: Any) -> None:
    """Closing the stream after a few pieces ends the generation on the server."""

    async def main() -> None:
        async with client_of(Play(pace=0.01, eos_every=0)) as (fake, client):
            async with aclosing(client.stream(HELLO, 1000)) as pieces:
                async for _ in pieces:
                    break
            await fake.until(lambda log: log.disconnects == 1 and log.running == 0)
            assert fake.log.requests[0].tokens < 100

    run(main)


@CLIENTS
@pytest.mark.parametrize("play", [Play(first_token=60), Play(pace=0.01, eos_every=0)])
def test_a_task_that_is_cancelled(client_of: Any, play: Play) -> None:
    """While it waits for the first token, and while it reads."""

    async def main() -> None:
        async with client_of(play) as (fake, client):
            task = asyncio.create_task(ask(client, 1000))
            await fake.until(lambda log: log.running == 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await fake.until(lambda log: log.disconnects == 1 and log.running == 0)

    run(main)


@CLIENTS
def test_characters_in_pieces(client_of: Any) -> None:
    """Three bytes at a time, and a character whose first tokens have no text yet."""

    async def main() -> None:
        async with client_of(Play(fault="split", after=2, eos_every=0)) as (_, client):
            text, _ = await ask(client)
            assert "🚀" in text and "\ufffd" not in text
        async with client_of(LONG) as (_, client):
            assert text.replace("🚀", "") == (await ask(client))[0]

    run(main)


def test_a_last_event_of_300_kb() -> None:
    """TGI repeats the whole text in the last event."""

    async def main() -> None:
        async with tgi(Play(fault="big", eos_every=0)) as (_, client):
            text, finish = await ask(client)
            assert len(text.split()) == finish.tokens == 12

    run(main)


@CLIENTS
def test_one_connection_serves_all(client_of: Any) -> None:
    """Answers that were read to their end leave their connection to the next."""

    async def main() -> None:
        async with client_of(LONG) as (fake, client):
            for _ in range(5):
                await ask(client)
            assert fake.log.connections == 1

    run(main)


def test_an_end_that_comes_late_leaves_the_connection_open() -> None:
    """The last chunk of HTTP may follow the last event in a packet of its own."""
    info = json.dumps(
        {"model_id": "m", "max_input_tokens": 9, "max_total_tokens": 9}
        | {"max_concurrent_requests": 1}
    ).encode()
    event = {"token": {"id": 1, "text": "да", "logprob": 0, "special": False}}
    last = f"data: {json.dumps({**event, 'generated_text': 'да'})}\n\n".encode()
    head = b"HTTP/1.1 200 OK\r\n"
    connections = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        while request := await reader.read(65536):
            if request.startswith(b"GET"):
                writer.write(head + b"content-length: %d\r\n\r\n" % len(info) + info)
                continue
            stream = b"content-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
            writer.write(head + stream + b"%x\r\n%s\r\n" % (len(last), last))
            await asyncio.sleep(0.05)
            writer.write(b"0\r\n\r\n")
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            async with TGIClient(url, "hackatone") as client:
                for _ in range(3):
                    assert (await ask(client))[0] == "да"
        assert len(connections) == 1

    run(main)


def test_a_page_instead_of_a_stream() -> None:
    """A proxy's page with status 200."""

    async def main() -> None:
        async with tgi(Play(fault="html")) as (_, client):
            text, error = await fails(client)
            assert text == "" and type(error) is BadReply

    run(main)


def test_a_connection_left_open_after_the_reason() -> None:
    """Neither [DONE] nor an end of the body: the answer is whole all the same."""
    listed = json.dumps({"data": [{"id": "m", "max_model_len": 99}]}).encode()
    lines = b"data: %s\n\n" % json.dumps(chunk("да", "stop")).encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: "

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await reader.read(65536):
            if request.startswith(b"GET"):
                length = b"text/json\r\ncontent-length: %d\r\n\r\n" % len(listed)
                writer.write(head + length + listed)
            else:
                writer.write(head + b"text/event-stream\r\n\r\n" + lines)
        writer.close()

    async def main() -> None:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as peer:
            url = f"http://127.0.0.1:{peer.sockets[0].getsockname()[1]}"
            async with ChatClient(url, "", timeouts=Timeouts(short=0.2)) as client:
                assert await ask(client) == ("да", Finish("stop", 1))

    run(main)
