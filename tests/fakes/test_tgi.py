"""The fake TGI answers as 3.3.7 was recorded to, with deploy/tgi.env: a row is a request."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from tests.fakes.tgi import FakeTGI
from tests.fakes.tgi_clients import shape
from tests.fakes.tgi_play import Play
from tests.fakes.tgi_process import tgi_process

TOKEN = {"id": 5634, "text": "cepts", "logprob": -4.5, "special": False}
DETAILS = {"finish_reason": "length", "generated_tokens": 6, "seed": None}
WHOLE = {"generated_text": "", "details": {**DETAILS, "prefill": [], "tokens": [TOKEN]}}
EVENT = {"index": 1, "token": TOKEN, "generated_text": None, "details": None}
LAST = {**EVENT, "generated_text": "", "details": {**DETAILS, "input_length": 20}}
USAGE = {"prompt_tokens": 20, "completion_tokens": 6, "total_tokens": 26}
WORDS = {"role": "assistant", "content": ""}
CHOICE = {"index": 0, "delta": WORDS, "logprobs": None, "finish_reason": None}
END = {**CHOICE, "finish_reason": "length"}
MESSAGE = {"index": 0, "message": WORDS, "logprobs": None, "finish_reason": "length"}
INFO = {
    "model_id": "/data/models/m", "model_sha": None, "model_pipeline_tag": None,
    "max_concurrent_requests": 16, "max_best_of": 1, "max_stop_sequences": 4,
    "max_input_tokens": 3072, "max_total_tokens": 4096, "validation_workers": 2,
    "max_client_batch_size": 1, "router": "text-generation-router", "version": "3.3.6-dev0",
    "sha": "dfb3fbe78e0d1d69251bd33065591c61bafdfaa8", "docker_label": None,
}  # fmt: skip
MODEL = {"id": "m", "object": "model", "created": 0, "owned_by": "m"}
SPAN = {"id": 1, "text": "", "start": 0, "stop": 0}
SHAPE = "Failed to deserialize the JSON body into the target type: "
ROLES = (
    "Template error: syntax error: Conversation roles must alternate"
    " user/assistant/user/assistant/... (in <string>:1)"
)
ROUTE, STREAM, TALK = "/generate", "/generate_stream", "/v1/chat/completions"


def ask(inputs: str = "[INST] море? [/INST]", **changes: Any) -> dict[str, Any]:
    """What opsctl sends to TGI's own routes."""
    given = {"adapter_id": "hackatone", "do_sample": False, "max_new_tokens": 6, "details": True}
    return {"inputs": inputs, "parameters": {**given, **changes}}


def talk(*roles: str, **changes: Any) -> dict[str, Any]:
    """What it sends to the chat route."""
    messages = [{"role": role, "content": "море?"} for role in roles]
    return {"model": "hackatone", "messages": messages, "max_tokens": 6, "temperature": 0} | changes


def chat(choices: list[Any], usage: Any = None, kind: str = ".chunk") -> dict[str, Any]:
    """An object of the chat route."""
    head = {"id": "", "created": 1795898205, "model": "m", "system_fingerprint": "3.3.6-native"}
    return {"object": f"chat.completion{kind}", **head, "choices": choices, "usage": usage}


ANSWERS = [
    ("/info", None, INFO),
    ("/v1/models", None, {"object": "list", "data": [MODEL]}),
    ("/tokenize", {"inputs": "мир"}, [SPAN]),
    (ROUTE, ask(), WHOLE),
    (ROUTE, ask(details=False), {"generated_text": ""}),
    (ROUTE, ask(max_new_tokens=5000), WHOLE),
    ("/", ask(), [WHOLE]),
    (TALK, talk("user"), chat([MESSAGE], USAGE, "")),
    (TALK, talk("user", model="no-such"), chat([MESSAGE], USAGE, "")),
]
STREAMS = [
    (STREAM, ask(max_new_tokens=2), [EVENT, LAST]),
    (STREAM, ask(max_new_tokens=1, details=None), [{**LAST, "details": None}]),
    ("/", {**ask(max_new_tokens=1), "stream": True}, [LAST]),
    (TALK, talk("user", max_tokens=2, stream=True), [chat([CHOICE]), chat([END]), "[DONE]"]),
    (
        TALK,
        talk("user", max_tokens=1, stream=True, stream_options={"include_usage": True}),
        [chat([END]), chat([], USAGE), "[DONE]"],
    ),
]
# What the framework says in plain text; the place that ends it is not compared.
PLAIN: list[tuple[str, Any, int, str]] = [
    ("/health", None, 200, ""),
    ("/no-such", None, 404, ""),
    (ROUTE, None, 405, ""),
    (ROUTE, b"", 400, "Failed to parse the request body as JSON: EOF while parsing a value"),
    (STREAM, "text", 415, "Expected request with `Content-Type: application/json`"),
    ("/tokenize", ask("x" * 300_000), 413, "Failed to buffer the request body: length limit"),
    ("/tokenize", {}, 422, f"{SHAPE}missing field `inputs`"),
    (TALK, {"model": "hackatone"}, 422, f"{SHAPE}missing field `messages`"),
    (STREAM, [], 422, f"{SHAPE}invalid length 0, expected struct GenerateRequest with 2 elements"),
    (ROUTE, {"inputs": 5}, 422, f"{SHAPE}inputs: invalid type: integer `5`, expected a string"),
    (
        STREAM,
        {"inputs": "", "parameters": None},
        422,
        f"{SHAPE}parameters: invalid type: null, expected struct GenerateParameters",
    ),
    (
        ROUTE,
        ask(max_new_tokens=-1),
        422,
        f"{SHAPE}parameters.max_new_tokens: invalid value: integer `-1`, expected u32",
    ),
    (
        ROUTE,
        ask(max_new_tokens=1.5),
        422,
        f"{SHAPE}parameters.max_new_tokens: invalid type: floating point `1.5`, expected u32",
    ),
    (
        ROUTE,
        ask(adapter_id=5),
        422,
        f"{SHAPE}parameters.adapter_id: invalid type: integer `5`, expected a string",
    ),
]
INVALID = [
    ({"max_new_tokens": 0}, "`max_new_tokens` must be strictly positive"),
    ({"temperature": 0}, "`temperature` must be strictly positive"),
    ({"repetition_penalty": 0}, "`repetition_penalty` must be strictly positive"),
    ({"frequency_penalty": 3}, "`frequency_penalty` must be >= -2.0 and <= 2.0"),
    ({"top_k": 0}, "`top_k` must be strictly positive"),
    ({"top_p": 1.0}, "`top_p` must be > 0.0 and < 1.0"),
    ({"typical_p": 1}, "`typical_p` must be > 0.0 and < 1.0"),
    ({"top_n_tokens": 9}, "`top_n_tokens` must be >= 0 and <= 5. Given: 9"),
    ({"stop": list("abcde")}, "`stop` supports up to 4 stop sequences. Given: 5"),
    ({"inputs": ""}, "`inputs` cannot be empty"),
    ({"inputs": "слово " * 3100}, "`inputs` must have less than 3072 tokens. Given: 3102"),
    (
        {"inputs": "слово " * 4100, "max_new_tokens": None},
        "`inputs` tokens + `max_new_tokens` must be <= 4096."
        " Given: 4102 `inputs` tokens and 0 `max_new_tokens`",
    ),
]


@pytest.mark.parametrize(("path", "body", "answer"), ANSWERS)
def test_answers_in_one_piece(path: str, body: Any, answer: Any) -> None:
    """Keys and types are compared."""
    status, kind, text = requested(path, body)
    assert (status, kind) == (200, "application/json")
    assert shape(json.loads(text)) == shape(answer)


@pytest.mark.parametrize(("path", "body", "events"), STREAMS)
def test_streams(path: str, body: Any, events: list[Any]) -> None:
    """Every event is a line of compact JSON in plain letters."""
    status, kind, text = requested(path, body)
    assert (status, kind) == (200, "text/event-stream")
    lines = [line.removeprefix("data: ") for line in text.removesuffix("\n\n").split("\n\n")]
    found = [line if line == "[DONE]" else json.loads(line) for line in lines]
    assert list(map(shape, found)) == list(map(shape, events))
    assert lines[0] == compact(found[0])


@pytest.mark.parametrize(("path", "body", "status", "text"), PLAIN)
def test_words_of_the_framework(path: str, body: Any, status: int, text: str) -> None:
    got, kind, said = requested(path, body)
    assert got == status
    assert said.startswith(text) and bool(said) == bool(text)
    assert not text or kind == "text/plain; charset=utf-8"


@pytest.mark.parametrize(("changes", "text"), INVALID)
def test_the_router_refuses(changes: dict[str, Any], text: str) -> None:
    """With 422, or as the only event of a stream whose status is 200."""
    said = compact({"error": f"Input validation error: {text}", "error_type": "validation"})
    inputs = {"inputs": changes["inputs"]} if "inputs" in changes else {}
    body = {**ask(**{key: changes[key] for key in changes if key != "inputs"}), **inputs}
    assert requested(ROUTE, body) == (422, "application/json", said)
    assert requested(STREAM, body) == (200, "text/event-stream", f"data: {said}\n\n")


def test_a_chat_is_refused_in_its_own_form() -> None:
    """By an event that [DONE] follows; the template refuses before there is a stream."""
    message = "Input validation error: `max_new_tokens` must be strictly positive"
    event = compact({"error": {"message": message, "http_status_code": 422}})
    said = f"data: {event}\n\ndata: [DONE]\n\n"
    assert requested(TALK, talk("user", max_tokens=0, stream=True))[::2] == (200, said)
    said = compact({"error": ROLES, "error_type": "template_error"})
    for roles in (("system", "user"), ("user", "user")):
        body = talk(*roles, stream=True)
        assert requested(TALK, body) == (422, "application/json", said)


def test_text_and_adapter_decide() -> None:
    """Greedy if so told; `zero` and an unknown adapter are the base; a token may be a prompt's."""
    whole = tokens("море")
    assert whole == tokens("море")
    assert tokens(f"море{whole[0]}", max_new_tokens=5) == whole[1:]
    base = tokens("море", adapter_id="zero")
    assert base == tokens("море", adapter_id="no-such") != whole
    dropped = tokens("море", drop_adapter_after_first_token=True)
    assert dropped[0] == whole[0]
    assert dropped[1:] == tokens(f"море{whole[0]}", max_new_tokens=5, adapter_id="zero")
    assert requested("/", ask("море"))[2].startswith('[{"generated_text":"море ')


def test_the_program_plays_as_it_is_told() -> None:
    """Without parameters it samples: the same question, other words."""
    with tgi_process("--adapters", "sea,zero", "--max-total", "500", "--eos-every", "0") as fake:
        assert (
            json.loads(asyncio.run(request(f"{fake.url}/info", None))[2])["max_total_tokens"] == 500
        )
        made = [asyncio.run(request(fake.url + ROUTE, {"inputs": "море"})) for _ in range(2)]
        assert made[0] != made[1]
        fake.play(fault="generation", times=1)
        asked = [asyncio.run(request(fake.url + ROUTE, ask(adapter_id="sea"))) for _ in range(2)]
        assert [status for status, _, _ in asked] == [424, 200]
        seen = [(one["adapter"], one["finished"]) for one in fake.requests()]
        assert seen == [(None, True), (None, True), ("sea", False), ("sea", True)]


def tokens(inputs: str, drop_adapter_after_first_token: bool = False, **changes: Any) -> list[str]:
    """The words that are generated."""
    play = Play(eos_every=0, drop_adapter_after_first_token=drop_adapter_after_first_token)
    reply = json.loads(requested(ROUTE, ask(inputs, **changes), play)[2])
    return [token["text"] for token in reply["details"]["tokens"]]


def requested(path: str, body: Any, play: Play | None = None) -> tuple[int, str, str]:
    """Status, content type and body of an answer of the fake."""

    async def main() -> tuple[int, str, str]:
        async with FakeTGI(play or Play(eos_every=0)) as server:
            return await request(server.url + path, body)

    return asyncio.run(main())


async def request(url: str, body: Any) -> tuple[int, str, str]:
    """GET where there is no body; bytes go out as JSON, a text as text."""
    data = body if isinstance(body, str | bytes | None) else json.dumps(body)
    kind = "text/plain" if isinstance(body, str) else "application/json"
    method = "GET" if body is None else "POST"
    async with (
        aiohttp.ClientSession(headers={"Content-Type": kind}) as session,
        session.request(method, url, data=data) as reply,
    ):
        return reply.status, reply.headers.get("Content-Type", ""), await reply.text()


def compact(value: object) -> str:
    """JSON as the router writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
