"""The client of TGI's own routes: what it sends, counts, and reads beside answers."""

import asyncio
import subprocess
import sys

import pytest
from aiohttp import web

from assistant.server.connect import connect
from assistant.server.errors import BadReply, BadRequest, ServerError, TooLong
from assistant.server.protocols.metrics import parse_queue
from assistant.server.protocols.mistral import render
from assistant.server.protocols.openai import ChatClient
from assistant.server.protocols.tgi import TGIClient
from assistant.server.record import Access
from assistant.server.types import Finish, Message, Queue, Tokenized
from core.errors import UsageError
from tests.fakes.tgi import FakeTGI
from tests.fakes.tgi_clients import QUICK, ask, assert_told, fails, run, tgi
from tests.fakes.tgi_play import Play
from tests.fakes.tgi_replies import answering, events

TALK = [
    Message("user", "Когда пришёл корабль?"),
    Message("assistant", "В мае."),
    Message("user", "А зимой?"),
]
INFO = {"model_id": "m", "max_input_tokens": 9, "max_total_tokens": 9, "max_concurrent_requests": 1}
DEEP = "[" * 100_000
LAZY = """
import sys
import assistant.server, assistant.server.connect, assistant.server.errors
import assistant.server.protocols.metrics, assistant.server.protocols.mistral
import assistant.server.types
heavy = {"aiohttp", "pydantic", "tenacity", "text_generation", "huggingface_hub"}
sys.exit(", ".join(sorted(heavy & set(sys.modules))) or 0)
"""


def test_the_form_of_a_dialogue() -> None:
    """No <s>, which the server adds; an answer ends with </s>."""
    assert render(TALK) == (
        "[INST] Когда пришёл корабль? [/INST] В мае.</s>[INST] А зимой? [/INST]"
    )
    for wrong in ([TALK[1]], [TALK[0], TALK[0]]):
        with pytest.raises(ValueError, match="alternate"):
            render(wrong)


def test_what_is_sent() -> None:
    """Greedy in so many words, with the adapter, and with a prompt the server does not cut."""

    async def main() -> None:
        async with tgi(Play(eos_every=0)) as (fake, client):
            assert [piece async for piece in client.stream(TALK, 7)]
            body = fake.log.requests[0].body
            assert body["inputs"] == render(TALK)
            parameters = body["parameters"]
            assert parameters["do_sample"] is False
            assert parameters["adapter_id"] == "hackatone"
            assert parameters["details"] is True
            assert parameters["max_new_tokens"] == 7
            assert not {"temperature", "top_p", "truncate", "seed"} & set(parameters)

    run(main)


def test_every_request_names_an_adapter() -> None:
    """The client's own, or the one that is asked for: two adapters, two texts."""

    async def main() -> None:
        async with tgi(Play(eos_every=0)) as (fake, client):
            own = await client.generate("корабль", adapter="hackatone", max_new_tokens=9)
            zero = await client.generate("корабль", adapter="zero", max_new_tokens=9)
            bogus = await client.generate("корабль", adapter="no-such", max_new_tokens=9)
            pieces = [piece async for piece in client.stream_prompt("корабль", max_new_tokens=9)]
            assert own.tokens != zero.tokens == bogus.tokens
            assert "".join(map(str, pieces[:-1])) == own.text
            sent = [seen.adapter for seen in fake.log.requests]
            assert sent == ["hackatone", "zero", "no-such", "hackatone"]

    run(main)


def test_without_an_adapter_the_request_has_no_such_key() -> None:
    """A server that was started without adapters may refuse any name."""

    async def main() -> None:
        async with FakeTGI(Play()) as fake, TGIClient(fake.url, "", timeouts=QUICK) as client:
            await ask(client)
            assert "adapter_id" not in fake.log.requests[0].body["parameters"]

    run(main)


def test_a_generation_with_its_tokens() -> None:
    """Ids, texts and log-probabilities of every token, the special one among them."""

    async def main() -> None:
        async with tgi(Play(eos_every=5)) as (_, client):
            made = await client.generate("море", adapter="hackatone", max_new_tokens=500)
            assert made.finish == Finish("stop", len(made.tokens), 2)
            assert [token.special for token in made.tokens] == [False] * (len(made.tokens) - 1) + [
                True
            ]
            assert made.text == "".join(t.text for t in made.tokens if not t.special)
            assert all(token.logprob is not None and token.logprob <= 0 for token in made.tokens)

    run(main)


def test_limits_are_asked_once() -> None:
    """And again after the server was down: it may have come back with others."""

    async def main() -> None:
        async with tgi(Play(max_input=100, max_total=200, max_concurrent=3)) as (fake, client):
            limits = await client.limits()
            assert (limits.max_input, limits.max_total, limits.max_concurrent) == (100, 200, 3)
            assert limits.model.endswith("GPTQ")
            fake.play = fake.play.changed(max_total=300)
            assert await client.limits() == limits
            _, error = await fails(client, 1000)
            assert isinstance(error, TooLong)
            assert (await client.limits()).max_total == 300

    run(main)


def test_tokens_of_several_parts_in_one_call() -> None:
    """Their counts add up to the whole, the beginning-of-sequence token included."""
    parts = ["[INST]", " Насос «Чайка»", "\n", "", "pump 🚀", " [/INST]"]

    async def main() -> None:
        async with tgi(Play()) as (fake, client):
            whole = await client.tokenize("".join(parts))
            assert whole.exact and len(whole.spans) == len(whole.ids)
            counts = whole.counts(parts)
            assert sum(counts) == len(whole.ids)
            assert counts[3] == 0 and counts[1] > counts[2] == 1
            alone = [len((await client.tokenize(part)).ids) - 1 for part in parts if part]
            assert sum(alone) == len(whole.ids) - 1
            fake.play = Play(zero_offsets=True)
            shares = (await client.tokenize("".join(parts))).counts(parts)
            assert (await client.tokenize("x")).spans == ()
            assert sum(shares) >= len(whole.ids) and shares[3] == 0

    run(main)


def test_counts_of_nothing() -> None:
    """No parts, empty parts, no tokens."""
    assert Tokenized((), ()).counts([]) == []
    assert Tokenized((1,), ((0, 0),)).counts(["", "x"]) == [0, 1]
    assert Tokenized((), ()).counts(["", ""]) == [0, 0]


def test_an_empty_prompt_is_refused_here() -> None:
    """The server would refuse it too."""

    async def main() -> None:
        async with tgi(Play()) as (fake, client):
            with pytest.raises(BadRequest):
                await client.tokenize("")
            assert fake.log.requests == []

    run(main)


def test_the_queue() -> None:
    """A fresh server has no metrics at all; a working one has what it works on."""

    async def main() -> None:
        async with tgi(Play(first_token=60)) as (fake, client):
            assert await client.queue() == Queue(0, 0)
            task = asyncio.create_task(ask(client))
            await fake.until(lambda log: log.running == 1)
            assert await client.queue() == Queue(0, 1)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    run(main)


def test_the_gauges_of_the_queue() -> None:
    """Two of many lines; a value that is no number is none."""
    text = "# TYPE tgi_queue_size gauge\ntgi_queue_size 3\ntgi_batch_current_size 5.0\nother 7\n"
    assert parse_queue(text) == Queue(3, 5)
    assert parse_queue("") == Queue(0, 0)
    assert parse_queue("tgi_queue_size NaN\ntgi_batch_current_size +Inf") == Queue(0, 0)


@pytest.mark.parametrize(
    ("route", "reply"),
    [
        ("/info", web.json_response({**INFO, "max_total_tokens": float("inf")})),
        ("/info", web.Response(text=DEEP)),
        ("/info", web.Response(text="x" * 17_000_000)),
        ("/tokenize", web.json_response([{"id": 1, "start": "a", "stop": 2}])),
        ("/tokenize", web.Response(text=DEEP)),
        ("/tokenize", web.Response(text=DEEP, status=500)),
        ("/generate_stream", events(DEEP)),
        ("/generate_stream", events("x" * 17_000_000)),
    ],
    ids=["infinity", "info", "big", "offsets", "tokens", "error", "event", "big event"],
)
def test_replies_that_no_server_should_give(route: str, reply: web.Response) -> None:
    """Each is an error of the server's, in words, and none fills the memory."""

    async def main() -> None:
        known = {"/info": web.json_response(INFO), route: reply}
        async with answering(known) as (_, url), TGIClient(url, "", timeouts=QUICK) as client:
            with pytest.raises(ServerError) as caught:
                await client.limits()
                await client.tokenize("море")
            error: ServerError = caught.value
            if route == "/generate_stream":
                _, error = await fails(client)
                assert type(error) is BadReply
            assert_told(error)
            assert "16000000 bytes" in error.message or len(reply.text or "") < 10**6

    run(main)


def test_connect_makes_the_client_that_is_asked_for() -> None:
    """One setting moves from TGI to another server."""

    async def main() -> None:
        async with FakeTGI(Play(api_key="k", eos_every=0)) as fake:
            texts = []
            own, chat = Access("tgi", "", "hackatone"), Access("openai", "hackatone", "")
            for how, kind in ((own, TGIClient), (chat, ChatClient)):
                async with connect(fake.url, how, "k") as client:
                    assert isinstance(client, kind)
                    await client.health()
                    texts.append((await ask(client))[0])
            assert texts[0] == texts[1]

    run(main)
    with pytest.raises(UsageError):
        connect("nowhere", Access("tgi", "", "hackatone"), None)


def test_importing_costs_nothing() -> None:
    """What the command line imports brings no HTTP library along."""
    done = subprocess.run([sys.executable, "-c", LAZY], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
