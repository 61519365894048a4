"""Every error family of docs/tgi.md becomes a class, a sentence and a next step."""

from typing import Any

import pytest

from assistant.server.errors import (
    BadReply,
    BadRequest,
    GenerationFailed,
    Incomplete,
    ServerBusy,
    ServerError,
    TooLong,
    Unauthorized,
    UnknownModel,
)
from assistant.server.types import Message
from assistant.server.wire.http import Timeouts
from tests.fakes.tgi_clients import CLIENTS, KEY, ask, fails, run, tgi
from tests.fakes.tgi_play import Play

HASTY = Timeouts(silence=0.3, short=2, deadline=5, busy=0.2, refused=0.2)
WHOLE = [
    ("unauthorized", Unauthorized),
    ("text-400", BadRequest),
    ("text-413", TooLong),
    ("text-415", BadRequest),
    ("text-422", BadRequest),
    ("html", BadReply),
]
TYPED = [
    ("validation", BadRequest),
    ("too_long", TooLong),
    ("template", BadRequest),
    ("generation", GenerationFailed),
    ("transport", GenerationFailed),
    ("overloaded", ServerBusy),
    ("incomplete", Incomplete),
    ("incomplete_stream", Incomplete),
    ("serialization", Incomplete),
]


@CLIENTS
@pytest.mark.parametrize(("fault", "kind"), WHOLE)
def test_a_refused_request(client_of: Any, fault: str, kind: type[ServerError]) -> None:
    """Statuses with an empty body, a text, or a page of something else."""

    async def main() -> None:
        async with client_of(Play(fault=fault)) as (_, client):
            text, error = await fails(client)
            assert (text, type(error), error.exit_code) == ("", kind, 1)

    run(main)


@CLIENTS
@pytest.mark.parametrize("as_status", [True, False], ids=["status", "event"])
@pytest.mark.parametrize(("fault", "kind"), TYPED)
def test_a_named_error(
    client_of: Any, fault: str, kind: type[ServerError], as_status: bool
) -> None:
    """The same error with its status, and as the first event of a reply of 200."""

    async def main() -> None:
        async with client_of(Play(fault=fault, as_status=as_status), HASTY) as (_, client):
            text, error = await fails(client)
            assert (text, type(error)) == ("", kind)

    run(main)


@CLIENTS
@pytest.mark.parametrize(("fault", "kind"), TYPED)
def test_a_named_error_in_the_middle(client_of: Any, fault: str, kind: type[ServerError]) -> None:
    """The text before it is kept, the answer is not whole, and nothing is asked again."""

    async def main() -> None:
        async with client_of(Play(fault=fault, after=5, eos_every=0)) as (fake, client):
            text, error = await fails(client)
            assert type(error) is kind
            assert len(text.split()) == 5
            assert len(fake.log.requests) == 1
            if isinstance(error, Incomplete):
                assert (error.tokens, error.text) == (5, text)

    run(main)


@CLIENTS
def test_the_server_itself_refuses_what_does_not_fit(client_of: Any) -> None:
    """TGI's own rule about the total, told with its numbers."""

    async def main() -> None:
        async with client_of(Play(max_total=20, max_input=10)) as (_, client):
            _, error = await fails(client, 1000)
            assert isinstance(error, TooLong)
            assert "must be <= 20" in error.message

    run(main)


@CLIENTS
def test_a_wrong_key(client_of: Any) -> None:
    """TGI answers 401 with no text at all."""

    async def main() -> None:
        async with client_of(Play(api_key="another")) as (_, client):
            _, error = await fails(client)
            assert isinstance(error, Unauthorized)
            assert "OPSCTL_API_KEY" in error.hint

    run(main)


@CLIENTS
def test_the_key_is_in_no_error(client_of: Any) -> None:
    """Not even when the server repeats the header that it was sent."""

    async def main() -> None:
        async with client_of(Play(api_key=KEY, fault="leak")) as (_, client):
            _, error = await fails(client)
            assert "***" in error.message
            assert KEY not in repr(error)

    run(main)


@CLIENTS
def test_what_is_no_event(client_of: Any) -> None:
    """A stream of something else."""

    async def main() -> None:
        async with client_of(Play(fault="garbage", after=2)) as (_, client):
            _, error = await fails(client)
            assert type(error) in (BadReply, Incomplete)

    run(main)


def test_turns_that_do_not_alternate() -> None:
    """A mistake in our own code, not a person's."""

    async def main() -> None:
        async with tgi(Play()) as (_, client):
            with pytest.raises(ValueError, match="alternate"):
                client.stream([Message("assistant", "…")], 5)
            assert await ask(client)

    run(main)


def test_every_class_has_a_next_step() -> None:
    """No hint is missing, whoever raises the error."""
    kinds = {ServerError, UnknownModel}
    while more := {sub for kind in kinds for sub in kind.__subclasses__()} - kinds:
        kinds |= more
    assert all(kind("…").hint for kind in kinds)
