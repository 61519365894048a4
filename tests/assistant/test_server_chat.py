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
    [[], [chunk("", "abort"), "[DONE]"], [chunk("", "content_filter"), "[DONE]"]],
    ids=["end", "abort", "filter"],
)
def test_no_reason_is_no_whole_answer(tail: list[object]) -> None:
    """Unless the server says by [DONE] that this is all."""

    async def main() -> None:
        async with server(replies(events(chunk("В мае"), *tail))) as (_, client):
            text, error = await fails(client)
            assert type(error) is Incomplete
            assert error.text == text == "В мае"
            assert "content_filter" in error.message or "content_filter" not in str(tail)

    run(main)


def test_done_after_a_text_is_an_end() -> None:
    """Some servers give no reason at all."""

    async def main() -> None:
        async with server(replies(events(chunk("В мае"), "[DONE]"))) as (_, client):
            assert await ask(client) == ("В мае", Finish("stop", 1))

    run(main)


@pytest.mark.parametrize(
    "odd",
    [
        "", "null", "[]", "{", "7", '{"choices": null}', '{"choices": []}', '{"choices": [7]}',
        '{"choices": [{}]}', '{"choices": [{"delta": null}]}', '{"usage": 5}', "[" * 100_000,
        '{"choices": [{"delta": {"content": 5}}]}', '{"error": null}', '{"timings": {}}',
    ],
)  # fmt: skip
def test_what_is_no_chunk_is_passed_over(odd: str) -> None:
    """Pings, usage and what a server adds: at the start, between, and after the end."""

    async def main() -> None:
        told = [odd, chunk("В "), odd, chunk("мае"), odd, chunk(None, "stop"), odd, "[DONE]", odd]
        async with server(replies(events(*told))) as (_, client):
            assert await ask(client) == ("В мае", Finish("stop", 2))

    run(main)


def test_an_error_after_the_end_takes_nothing_away() -> None:
    async def main() -> None:
        answer = events(chunk("да"), chunk("", "stop"), {"error": {"message": "oops"}}, "[DONE]")
        async with server(replies(answer)) as (_, client):
            assert await ask(client) == ("да", Finish("stop", 1))

    run(main)


def test_parts_of_a_list_and_thinking_apart() -> None:
    """Of the parts only texts are the answer; reasoning is none."""
    parts = [{"type": "thinking", "thinking": "…"}, {"type": "text", "text": "да"}]
    delta = {"choices": [{"delta": {"reasoning_content": "хм"}}], "model": "small"}

    async def main() -> None:
        answer = events(delta, chunk(parts), chunk("", "stop"), "[DONE]")
        async with server(replies(answer)) as (_, client):
            assert await ask(client) == ("да", Finish("stop", 1, thought=True))
            assert client.model == "small"

    run(main)


def test_fields_that_a_server_refuses_are_left_out() -> None:
    """And not sent again in the next request."""

    async def main() -> None:
        refusal = {"detail": [{"loc": ["body", "stream_options"], "msg": "extra"}]}
        known = replies(web.json_response(refusal, status=422))
        async with server(known) as (bodies, client):
            _, error = await fails(client)
            assert type(error) is BadRequest
            known["/v1/chat/completions"] = events(chunk("да", "stop"), "[DONE]")
            assert (await ask(client))[0] == "да"
            asked = [body for body in bodies if "messages" in body]
            assert ["stream_options" in body for body in asked] == [True, False, False]

    run(main)


def test_a_server_without_a_list_of_models_answers_by_the_name_that_is_set() -> None:
    async def main() -> None:
        known = {"/v1/chat/completions": events(chunk("да", "stop"), "[DONE]")}
        async with server(known, model="own") as (bodies, client):
            await client.health()
            assert (await ask(client))[0] == "да"
            assert bodies[-1]["model"] == "own"

    run(main)


def test_tokens_and_places_as_llama_cpp_tells_them() -> None:
    async def main() -> None:
        known = replies(events(), {"data": [{"id": "gguf"}]})
        properties = {"default_generation_settings": {"n_ctx": 2048}, "total_slots": 4}
        known["/props"] = web.json_response(properties)
        known["/tokenize"] = web.json_response({"tokens": [5, 6, 7]})
        async with server(known) as (_, client):
            limits = await client.limits()
            assert (limits.max_total, limits.max_concurrent) == (2048, 4)
            counted = await client.tokenize("Насос")
            assert (counted.ids, counted.exact) == ((5, 6, 7), True)

    run(main)


@pytest.mark.parametrize("reason", ["stop", "eos", "eos_token", "stop_sequence", "end_turn", "x"])
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


@pytest.mark.parametrize("payload", ["null", '{"choices": 5}', "{"])
def test_nothing_but_chunks_of_a_wrong_shape(payload: str) -> None:
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
