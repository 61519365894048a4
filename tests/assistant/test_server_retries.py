"""What is tried again, what never is, and many questions at once."""

import asyncio
import socket
from dataclasses import replace
from typing import Any

import pytest

from assistant.server.errors import Deadline, ServerBusy
from assistant.server.places import Places
from assistant.server.protocols.openai import ChatClient
from assistant.server.protocols.tgi import TGIClient
from assistant.server.types import Finish, Message
from assistant.server.wire.http import Timeouts
from tests.fakes.tgi import FakeTGI
from tests.fakes.tgi_clients import CLIENTS, QUICK, ask, fails, run, tgi
from tests.fakes.tgi_play import Play

USERS, QUESTIONS = 16, 4
OPEN = Play(max_concurrent=128, eos_every=0, pace=0.002)
CROWD = replace(QUICK, silence=10)  # many streams of one process, on a busy machine


@CLIENTS
@pytest.mark.parametrize("as_status", [True, False], ids=["status", "event"])
def test_a_busy_server_is_asked_again(client_of: Any, as_status: bool) -> None:
    """429, or its event, three times; then the answer, once."""

    async def main() -> None:
        play = Play(fault="overloaded", times=3, as_status=as_status, eos_every=0)
        async with client_of(play) as (fake, client):
            text, finish = await ask(client)
            assert len(text.split()) == finish.tokens == 12
            assert [seen.finished for seen in fake.log.requests] == [False] * 3 + [True]

    run(main)


@CLIENTS
def test_patience_with_a_busy_server_ends(client_of: Any) -> None:
    """After the time for it the error is the server's own."""

    async def main() -> None:
        async with client_of(Play(fault="overloaded"), Timeouts(busy=0.2)) as (fake, client):
            _, error = await fails(client)
            assert type(error) is ServerBusy
            assert len(fake.log.requests) > 1

    run(main)


@pytest.mark.parametrize("kind", [TGIClient, ChatClient])
def test_a_server_that_is_still_starting(kind: Any) -> None:
    """The connection is refused until the server opens its port; then the answer comes."""

    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        client = kind(f"http://127.0.0.1:{port}", "hackatone", timeouts=QUICK)
        async with client:
            asked = asyncio.create_task(ask(client))
            await asyncio.sleep(0.1)
            assert not asked.done()
            async with FakeTGI(Play(eos_every=0), port):
                text, _ = await asked
                assert len(text.split()) == 12

    run(main)


@CLIENTS
@pytest.mark.parametrize("fault", ["generation", "validation", "text-422", "unauthorized"])
def test_other_errors_are_not_tried_again(client_of: Any, fault: str) -> None:
    """They would come again, or cost the server another answer."""

    async def main() -> None:
        async with client_of(Play(fault=fault, times=1)) as (fake, client):
            await fails(client)
            assert len(fake.log.requests) == 1

    run(main)


@CLIENTS
@pytest.mark.parametrize("fault", ["overloaded", "cut", "eof", "generation"])
def test_nothing_is_tried_again_after_the_first_token(client_of: Any, fault: str) -> None:
    """A second answer would begin in the middle of the first."""

    async def main() -> None:
        play = Play(fault=fault, times=1, after=1, eos_every=0, pace=0.01)
        async with client_of(play) as (fake, client):
            text, _ = await fails(client)
            assert len(text.split()) == 1
            assert len(fake.log.requests) == 1

    run(main)


@CLIENTS
def test_64_questions_at_once(client_of: Any) -> None:
    """The server has 16 places, says it has 128, and answers 429 beyond 16: all are answered."""

    async def main() -> None:
        async with client_of(replace(OPEN, places=16), CROWD) as (fake, client):
            answers = await asyncio.gather(*(ask(client, 20) for _ in range(USERS * QUESTIONS)))
            assert {finish.tokens for _, finish in answers} == {20}
            assert fake.log.peak == 16
            assert sum(seen.finished for seen in fake.log.requests) == USERS * QUESTIONS
            if isinstance(client, TGIClient):
                assert fake.log.overloaded > 0

    run(main)


def test_each_user_is_answered_in_order() -> None:
    """16 users with 4 questions each, on 8 places: nobody's later question overtakes."""

    async def user(client: TGIClient, number: int) -> list[str]:
        answers = []
        for question in range(QUESTIONS):
            message = Message("user", f"user {number} question {question}")
            pieces = [piece async for piece in client.stream([message], 10)]
            assert isinstance(pieces.pop(), Finish)
            answers.append("".join(map(str, pieces)))
        return answers

    async def main() -> None:
        async with tgi(replace(OPEN, places=8), CROWD) as (fake, client):
            answers = await asyncio.gather(*(user(client, number) for number in range(USERS)))
            assert len({text for texts in answers for text in texts}) == USERS * QUESTIONS
            assert fake.log.overloaded > 0
            served = [seen.body["inputs"] for seen in fake.log.requests if seen.finished]
            for number in range(USERS):
                own = [text for text in served if f"user {number} " in text]
                assert own == sorted(own) and len(own) == QUESTIONS

    run(main)


def test_the_client_never_asks_for_more_than_there_is() -> None:
    """With the true number of places in /info no request is ever refused."""

    async def main() -> None:
        async with tgi(replace(OPEN, max_concurrent=4), CROWD) as (fake, client):
            await asyncio.gather(*(ask(client) for _ in range(24)))
            assert (fake.log.peak, fake.log.overloaded) == (4, 0)

    run(main)


@CLIENTS
def test_no_place_in_time(client_of: Any) -> None:
    """Waiting in our own line counts for the deadline."""

    async def main() -> None:
        play = Play(max_concurrent=1, pace=0.02, eos_every=0)
        async with client_of(play, Timeouts(deadline=0.4)) as (fake, client):
            if isinstance(client, ChatClient):
                fake.play = play.changed(max_concurrent=16)
            results = await asyncio.gather(
                *(ask(client, 1000) for _ in range(17)), return_exceptions=True
            )
            assert all(isinstance(result, Deadline) for result in results)
            await fake.until(lambda log: log.running == 0)
            fake.play = Play(eos_every=0)
            assert (await ask(client, 2))[1].tokens == 2

    run(main)


def test_places_go_by_turn() -> None:
    """First come, first served; who left the line, or is too late, keeps no place."""

    async def main() -> None:
        places, order = Places(1), []

        async def guest(number: int, seconds: float = 5) -> None:
            await places.take(seconds)
            order.append(number)

        await places.take(1)
        guests = [asyncio.create_task(guest(number)) for number in range(5)]
        late = asyncio.create_task(guest(9, 0.01))
        with pytest.raises(asyncio.TimeoutError):
            await late
        guests[1].cancel()
        for _ in range(4):
            places.give()
        await asyncio.gather(*guests, return_exceptions=True)
        assert order == [0, 2, 3, 4]
        handed = asyncio.create_task(guest(7))
        await asyncio.sleep(0)
        places.give()
        handed.cancel()
        await asyncio.gather(handed, return_exceptions=True)
        await places.take(0.01)

    run(main)


@CLIENTS
def test_a_stream_left_in_the_line_keeps_no_place(client_of: Any) -> None:
    """Cancelled before its turn; the others still get theirs."""

    async def main() -> None:
        play = Play(max_concurrent=1, places=16, pace=0.005, eos_every=0)
        async with client_of(play, CROWD) as (fake, client):
            tasks = [asyncio.create_task(ask(client, 5)) for _ in range(20)]
            await fake.until(lambda log: log.running >= 1)
            for task in tasks[1::2]:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(result, tuple) for result in results[::2])
            assert (await ask(client, 2))[1].tokens == 2

    run(main)
