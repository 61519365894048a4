"""The client of the chat route, in front of replies as vLLM, llama.cpp and others write them."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from assistant.server.errors import (
    BadReply,
    GenerationFailed,
    Incomplete,
    ServerBusy,
    ServerError,
    TooLong,
    Unauthorized,
    UnknownModel,
)
from assistant.server.http import Timeouts
from assistant.server.openai import ChatClient
from assistant.server.types import Finish
from tests.fakes.tgi_clients import ask, chat, fails, run
from tests.fakes.tgi_play import Play

MODELS = {"object": "list", "data": [{"id": "mistral", "max_model_len": 8192}]}
FIRST = {"choices": [{"index": 0, "delta": {"role": "assistant"}, "finish_reason": None}]}
HASTY = Timeouts(silence=1, short=2, deadline=5, busy=0.2, refused=0.2)


def chunk(text: str | None, reason: str | None = None) -> dict[str, Any]:
    """One chunk of vLLM's."""
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": reason}]}


def events(*payloads: object) -> web.Response:
    """A stream of events, with [DONE] where it is given."""
    lines = (p if isinstance(p, str) else json.dumps(p) for p in payloads)
    text = "".join(f"data: {line}\r\n\r\n" for line in lines)
    return web.Response(text=text, content_type="text/event-stream")


@asynccontextmanager
async def server(
    replies: dict[str, web.Response], model: str = "", suffix: str = ""
) -> AsyncIterator[tuple[list[dict[str, Any]], ChatClient]]:
    """A server that has these replies and nothing else; gives the bodies that it was sent."""
    bodies = []

    async def reply(request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            bodies.append(await request.json())
        if not (found := replies.get(request.path)):
            return web.Response(status=404)
        headers = {"Content-Type": found.headers["Content-Type"]}
        return web.Response(body=found.body, status=found.status, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", reply)
    runner = web.AppRunner(app, shutdown_timeout=0.05, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}{suffix}"
    try:
        async with ChatClient(url, model, timeouts=HASTY) as client:
            yield bodies, client
    finally:
        await runner.cleanup()


def replies(answer: web.Response, models: object = MODELS) -> dict[str, web.Response]:
    """A list of models and one answer."""
    return {"/v1/models": web.json_response(models), "/v1/chat/completions": answer}


def test_an_answer_of_vllm() -> None:
    """A first chunk without text, CRLF line ends, and the usage after the reason."""
    usage = {"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 3}}
    answer = events(FIRST, chunk("В "), chunk("мае"), chunk(None, "stop"), usage, "[DONE]")

    async def main() -> None:
        async with server(replies(answer)) as (bodies, client):
            assert await ask(client) == ("В мае", Finish("stop", 3, 11))
            limits = await client.limits()
            assert (limits.model, limits.max_total) == ("mistral", 8192)
            body = bodies[0]
            assert (body["model"], body["temperature"], body["stream"]) == ("mistral", 0, True)
            assert body["max_tokens"] == 12 and body["messages"][0]["role"] == "user"
            assert not {"presence_penalty", "top_p", "n"} & set(body)

    run(main)


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/"])
def test_the_address_with_and_without_v1(suffix: str) -> None:
    """People copy either from a server's documentation."""

    async def main() -> None:
        answer = events(chunk("да", "length"), "[DONE]")
        async with server(replies(answer), suffix=suffix) as (_, client):
            assert await ask(client) == ("да", Finish("length", 1))

    run(main)


def test_a_body_that_ends_after_the_reason() -> None:
    """Without [DONE], and whole."""

    async def main() -> None:
        async with server(replies(events(chunk("да"), chunk("", "stop")))) as (_, client):
            assert (await ask(client))[0] == "да"

    run(main)


@pytest.mark.parametrize(
    "tail", [["[DONE]"], [], [chunk("", "abort"), "[DONE]"]], ids=["done", "end", "abort"]
)
def test_no_reason_is_no_whole_answer(tail: list[object]) -> None:
    """Not even with [DONE]."""

    async def main() -> None:
        async with server(replies(events(chunk("В мае"), *tail))) as (_, client):
            text, error = await fails(client)
            assert type(error) is Incomplete
            assert error.text == text == "В мае"

    run(main)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (404, {"error": {"message": "The model `x` does not exist.", "code": 404}}, UnknownModel),
        (
            400,
            {"error": {"message": "This model's maximum context length is 4096 tokens."}},
            TooLong,
        ),
        (
            400,
            {"error": {"message": "the request exceeds the available context size", "code": 400}},
            TooLong,
        ),
        (401, {"error": {"message": "Invalid API key"}}, Unauthorized),
        (429, {"error": {"message": "slow down", "code": "rate_limit"}}, ServerBusy),
        (500, {"error": {"message": "EngineCore died", "type": "InternalServerError"}}, None),
        (404, {"detail": "Not Found"}, BadReply),
        (500, ["unexpected"], None),
    ],
)
def test_errors_in_the_form_of_openai(
    status: int, body: object, kind: type[ServerError] | None
) -> None:
    """Before the stream, with their status."""

    async def main() -> None:
        answer = web.json_response(body, status=status)
        async with server(replies(answer), model="x") as (_, client):
            _, error = await fails(client)
            assert type(error) is (kind or GenerationFailed)
            if kind is UnknownModel:
                assert "OPSCTL_SERVER_MODEL" in error.hint

    run(main)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"message": "EngineCore died", "code": 500}, GenerationFailed),
        ({"message": "slow down", "code": 429}, ServerBusy),
        ("it broke", GenerationFailed),
    ],
)
def test_errors_in_the_middle(error: object, kind: type[ServerError]) -> None:
    """As an object, and as a text."""

    async def main() -> None:
        answer = events(chunk("В "), {"error": error}, "[DONE]")
        async with server(replies(answer)) as (bodies, client):
            text, caught = await fails(client)
            assert (text, type(caught)) == ("В ", kind)
            assert len(bodies) == 1

    run(main)


@pytest.mark.parametrize("payload", ["null", "[]", '{"choices": 5}', '{"choices": [7]}', "{"])
def test_chunks_of_a_wrong_shape(payload: str) -> None:
    """Another protocol, told in a sentence."""

    async def main() -> None:
        async with server(replies(events(payload))) as (_, client):
            _, error = await fails(client)
            assert type(error) is BadReply

    run(main)


def test_the_context_of_llama_cpp() -> None:
    """Its list of models has no length; its properties do. The chosen model need not be listed."""

    async def main() -> None:
        known = replies(events(), {"data": [{"id": "gguf"}]})
        known["/props"] = web.json_response({"default_generation_settings": {"n_ctx": 2048}})
        async with server(known) as (_, client):
            assert (await client.limits()).max_total == 2048
        del known["/props"]
        async with server(known, model="own") as (_, client):
            limits = await client.limits()
            assert (limits.model, limits.max_total) == ("own", 4096)

    run(main)


@pytest.mark.parametrize("models", [{"data": []}, {"data": None}, [], "x", {"data": ["x"]}])
def test_a_list_without_models(models: object) -> None:
    """Nothing to ask, and no traceback."""

    async def main() -> None:
        async with server(replies(events(), models)) as (_, client):
            _, error = await fails(client)
            assert type(error) is BadReply

    run(main)


def test_health_without_the_route() -> None:
    """SGLang and vLLM have /health; a plain server is asked for its models."""

    async def main() -> None:
        async with server(replies(events())) as (_, client):
            await client.health()
        async with server({}) as (_, client):
            with pytest.raises(BadReply):
                await client.health()

    run(main)


def test_tokens_are_estimated() -> None:
    """Never too few, and said to be an estimate."""

    async def main() -> None:
        async with chat(Play()) as (_, client):
            whole = await client.tokenize("Насос pump")
            assert not whole.exact and len(whole.ids) == 5
            assert whole.counts(["Насос", " pump"]) == [4, 1]
            assert (await client.tokenize("")).ids == ()

    run(main)
