"""Both clients in front of a fake TGI, with limits of time that a test can wait for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest

from assistant.server.errors import ServerError
from assistant.server.protocols.openai import ChatClient
from assistant.server.protocols.tgi import TGIClient
from assistant.server.types import Finish, Message, ModelServer
from assistant.server.wire.http import Timeouts
from tests.fakes.tgi import FakeTGI
from tests.fakes.tgi_play import Play

KEY = "sk-secret-0123456789"
QUICK = Timeouts(connect=2, silence=0.3, short=2, deadline=20, busy=10, refused=5)
HELLO = [Message("user", "Когда пришёл корабль?")]
Result = TypeVar("Result")


@asynccontextmanager
async def tgi(
    play: Play, timeouts: Timeouts = QUICK, key: str | None = KEY
) -> AsyncIterator[tuple[FakeTGI, TGIClient]]:
    """A fake and the client of its own routes."""
    async with (
        FakeTGI(play) as fake,
        TGIClient(fake.url, "hackatone", key, timeouts=timeouts) as client,
    ):
        yield fake, client


@asynccontextmanager
async def chat(
    play: Play, timeouts: Timeouts = QUICK, key: str | None = KEY
) -> AsyncIterator[tuple[FakeTGI, ChatClient]]:
    """A fake and the client of its chat route."""
    async with (
        FakeTGI(play) as fake,
        ChatClient(fake.url, "hackatone", key, timeouts=timeouts) as client,
    ):
        yield fake, client


CLIENTS = pytest.mark.parametrize("client_of", [tgi, chat], ids=["tgi", "chat"])


def run(main: Callable[[], Awaitable[Result]]) -> Result:
    """Run one test's coroutine to its end, or for at most 20 s."""

    async def limited() -> Result:
        return await asyncio.wait_for(main(), 20)

    return asyncio.run(limited())


async def ask(client: ModelServer, tokens: int = 12) -> tuple[str, Finish]:
    """The whole answer to HELLO, and how it ended."""
    texts, ends = [], []
    async for piece in client.stream(HELLO, tokens):
        if isinstance(piece, Finish):
            ends.append(piece)
        else:
            assert not ends, "text after the end"
            texts.append(piece)
    assert len(ends) == 1
    return "".join(texts), ends[0]


async def fails(client: ModelServer, tokens: int = 12) -> tuple[str, ServerError]:
    """The text that came and the error that ended it; no Finish may have come."""
    text = ""
    with pytest.raises(ServerError) as caught:
        async for piece in client.stream(HELLO, tokens):
            assert isinstance(piece, str), "an answer that was cut is shown as whole"
            text += piece
    assert_told(caught.value)
    return text, caught.value


def assert_told(error: ServerError) -> None:
    """One line for a person, a next step, and no secret."""
    assert error.message and "\n" not in error.message and len(error.message) < 400
    assert error.hint and "\n" not in error.hint
    told = f"{error.message} {error.hint}".lower()
    assert KEY not in told and "traceback" not in told


def shape(value: Any) -> Any:
    """Keys and types of a value, and of the first of several."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return type(value).__name__
