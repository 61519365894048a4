"""The client of the chat route, in front of replies as vLLM, llama.cpp and others write them."""

import pytest
from aiohttp import web

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
from assistant.server.types import Finish
from tests.fakes.tgi_clients import ask, chat, fails, run
from tests.fakes.tgi_play import Play
from tests.fakes.tgi_replies import FIRST, chunk, events, replies, server


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
    "tail",
    [["[DONE]"], [], [chunk("", "abort"), "[DONE]"], [chunk("", "content_filter"), "[DONE]"]],
    ids=["done", "end", "abort", "filter"],
)
def test_no_reason_is_no_whole_answer(tail: list[object]) -> None:
    """Not even with [DONE]."""

    async def main() -> None:
        async with server(replies(events(chunk("В мае"), *tail))) as (_, client):
            text, error = await fails(client)
            assert type(error) is Incomplete
            assert error.text == text == "В мае"
            assert "content_filter" in error.message or "content_filter" not in str(tail)

    run(main)


@pytest.mark.parametrize("reason", ["stop", "eos", "eos_token", "stop_sequence"])
def test_every_name_of_a_whole_end(reason: str) -> None:
    """Servers do not agree on it. A null where others have nothing is nothing."""
    last = {"choices": [{"index": 0, "delta": None, "finish_reason": reason}], "error": None}

    async def main() -> None:
        async with server(replies(events(chunk("да"), last, "[DONE]"))) as (_, client):
            assert await ask(client) == ("да", Finish("stop", 1))

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
        (400, {"error": {"message": "no", "code": "context_length_exceeded"}}, TooLong),
        (404, {"object": "error", "message": "The model `x` does not exist."}, UnknownModel),
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
                assert "{" not in error.message

    run(main)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"error": {"message": "EngineCore died", "code": 500}}, GenerationFailed),
        ({"error": {"message": "slow down", "code": 429}}, ServerBusy),
        ({"error": {"message": "no", "code": "context_length_exceeded"}}, TooLong),
        ({"error": {"message": "oops", "code": "server_error"}}, GenerationFailed),
        ({"object": "error", "message": "bad", "code": 400}, BadRequest),
        ({"error": "it broke"}, GenerationFailed),
    ],
)
def test_errors_in_the_middle(error: object, kind: type[ServerError]) -> None:
    """As an object of either form, and as a text."""

    async def main() -> None:
        answer = events(chunk("В "), error, "[DONE]")
        async with server(replies(answer)) as (bodies, client):
            text, caught = await fails(client)
            assert (text, type(caught)) == ("В ", kind)
            assert len(bodies) == 1

    run(main)


@pytest.mark.parametrize(
    "payload",
    [
        "null",
        "[]",
        '{"choices": 5}',
        '{"choices": [7]}',
        "{",
        '{"choices": [], "usage": 5}',
        "[" * 100_000,
    ],
)
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
            assert (await client.tokenize("12.5 г, №7")).counts(["12.5", " г,", " №7"]) == [4, 2, 3]

    run(main)
