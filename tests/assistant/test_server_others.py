"""The chat route of servers that differ: their refusals, their templates, what they list."""

import json
from typing import Any

import pytest

from assistant.server.errors import (
    BadReply,
    BadRequest,
    ServerDown,
    ServerError,
    TooLong,
    Unhealthy,
    UnknownModel,
    refusal,
)
from assistant.server.protocols.openai import ChatClient
from assistant.server.protocols.tgi import TGIClient
from assistant.server.types import Message
from tests.fakes import odd_servers
from tests.fakes.odd_servers import (
    CHAT,
    MODELS,
    Answers,
    Reply,
    answering,
    chatting,
    events,
    refused,
    told,
)
from tests.fakes.tgi_clients import QUICK, ask, fails, run

DIALOGUE = [Message("system", "Be brief."), Message("user", "Когда пришёл корабль?")]
TOO_LONG = {
    "vllm": "This model's maximum context length is 4096 tokens. However, you requested 5000",
    "vllm, new": "You passed 5000 input tokens and requested 10 output tokens. However, the model's"
    " context length is only 4096 tokens, resulting in a maximum input length of 4086 tokens.",
    "sglang, prompt": "The input (5000 tokens) is longer than the model's context length (4096"
    " tokens).",
    "sglang, all": "Requested token count exceeds the model's maximum context length of 4096"
    " tokens. You requested a total of 5000 tokens: 4000 tokens from the input messages",
    "llama.cpp": "request (5000 tokens) exceeds the available context size (4096 tokens), try"
    " increasing it",
    "lm studio": "Trying to keep the first 5000 tokens when context the overflows. However, the"
    " model is loaded with context length of only 4096 tokens, which is not enough.",
    "tabbyapi": "Prompt length 5000 is greater than max_seq_len 4096",
    "mistral": "Prompt contains 5000 tokens, too large for model with 4096 maximum context length",
}


@pytest.mark.parametrize("text", TOO_LONG.values(), ids=TOO_LONG)
@pytest.mark.parametrize("status", [400, 500])
def test_what_is_too_long_is_known_by_its_words_and_the_numbers_are_used(
    text: str, status: int
) -> None:
    """LM Studio and TabbyAPI tell it as an event of a stream, which has no status."""
    error = refusal(status, text)
    assert isinstance(error, TooLong)
    assert error.share == pytest.approx(4096 / 5000)


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (400, "No models loaded. Please load a model in the developer page.", Unhealthy),
        (404, "No models loaded. Please load a model in the developer page.", Unhealthy),
        (400, "No models are currently loaded.", Unhealthy),
        (400, "x is not a local folder and is not a valid model identifier", UnknownModel),
        (400, "Invalid model identifier “x”. Please specify a valid one", UnknownModel),
        (400, "nothing (model_not_found)", UnknownModel),
        (500, "Jinja Exception: System role not supported", BadRequest),
        (400, "the temperature is too large", TooLong),
    ],
)
def test_other_refusals(status: int, text: str, kind: type[ServerError]) -> None:
    assert type(refusal(status, text)) is kind


class Templated:
    """A server whose template takes no system message; `props` is what it tells of itself."""

    def __init__(self, refusal: Reply, props: object = None) -> None:
        self._refusal = refusal
        self._props = props
        self.paths: list[str] = []
        self.sent: list[Any] = []

    def __call__(self, path: str, body: bytes) -> Reply:
        self.paths.append(path)
        if path == "/props" and self._props:
            return told(self._props)
        if path == "/v1/models" and self._props:
            return told({"data": [{"id": "mistral"}]})  # who has /props lists no window
        if path == CHAT:
            self.sent.append([turn["role"] for turn in json.loads(body)["messages"]])
            return self._refusal if "system" in self.sent[-1] else odd_servers.well(path)
        return odd_servers.well(path)


@pytest.mark.parametrize(
    "told_so",
    [
        refused(400, "Conversation roles must alternate user/assistant/user/assistant/..."),
        refused(500, "Jinja Exception: System role not supported"),
        refused(422, "Template error: only user and assistant roles are supported!"),
    ],
)
def test_a_template_without_system_messages_is_learned_by_one_refusal(told_so: Reply) -> None:
    server = Templated(told_so)

    async def main(url: str) -> None:
        async with ChatClient(url, "mistral", timeouts=QUICK) as client:
            for _ in range(2):
                assert (await whole(client)).startswith("Складом")

    with answering(server) as url:
        run(lambda: main(url))
    assert server.sent == [["system", "user"], ["user"], ["user"]]


@pytest.mark.parametrize(
    "props",
    [
        {"chat_template": "{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]{% endif %}"},
        {"chat_template": "…system…", "chat_template_caps": {"supports_system_role": False}},
        {"chat_template": "{{ raise_exception('System role not supported') }}"},
    ],
)
def test_a_template_that_a_server_shows_needs_no_refusal(props: object) -> None:
    server = Templated(refused(500, "no"), props)

    async def main(url: str) -> None:
        async with ChatClient(url, "mistral", timeouts=QUICK) as client:
            assert await whole(client)

    with answering(server) as url:
        run(lambda: main(url))
    assert server.sent == [["user"]]


def test_instructions_are_a_system_message_where_the_template_takes_it() -> None:
    server = Templated(events(odd_servers.streamed("да")))

    async def main(url: str) -> None:
        async with ChatClient(url, "mistral", timeouts=QUICK) as client:
            assert await whole(client) == "да"

    with answering(server) as url:
        run(lambda: main(url))
    assert server.sent == [["system", "user"]]


def test_a_server_that_was_just_well_is_not_asked_again() -> None:
    """Of the second question there is one request, its own."""
    server = Templated(events(odd_servers.streamed("да")))

    async def main(url: str) -> None:
        async with ChatClient(url, "mistral", timeouts=QUICK) as client:
            for _ in range(2):
                await client.health()
                await whole(client)
                before.append(len(server.paths))

    before: list[int] = []
    with answering(server) as url:
        run(lambda: main(url))
    assert server.paths[before[0] :] == [CHAT]
    assert server.paths.count("/v1/models") == 1


@pytest.mark.parametrize(
    ("end", "route"),
    [
        ("/v1/chat/completions", CHAT),
        ("/chat/completions", CHAT),
        ("/api/paas/v4", "/api/paas/v4/chat/completions"),
        ("/proxy/v1/", f"/proxy{CHAT}"),
    ],
)
def test_an_address_may_name_the_route_and_another_version(end: str, route: str) -> None:
    def answer(path: str, body: bytes) -> Reply:
        models = told(MODELS) if path.endswith("/models") else told({}, 404)
        return events(odd_servers.streamed("да")) if path == route else models

    async def main(url: str) -> None:
        async with ChatClient(url, "", timeouts=QUICK) as client:
            assert (await ask(client))[0] == "да"

    with answering(answer) as url:
        run(lambda: main(url + end))


def test_an_answer_in_one_piece_of_a_server_that_cannot_stream() -> None:
    message = {"message": {"role": "assistant", "content": "да"}, "finish_reason": "stop"}

    async def main(url: str) -> None:
        async with ChatClient(url, "", timeouts=QUICK) as client:
            assert (await ask(client))[0] == "да"
            assert client.model == "mistral", "the one that was asked, where the answer names none"

    with answering(chatting(told({"choices": [message]}))) as url:
        run(lambda: main(url))


@pytest.mark.parametrize(
    ("answer", "kind", "sentence", "hint"),
    [
        (
            odd_servers.always(Reply(308, (), headers=(("Location", "https://me:pw@x/y?k=v"),))),
            BadReply,
            "it redirects to https://x/y",
            "OPSCTL_SERVER_URL",
        ),
        (
            odd_servers.always(odd_servers.PAGE),
            BadReply,
            "returned a web page",
            "OPSCTL_SERVER_URL",
        ),
        (chatting(odd_servers.PAGE), BadReply, "sends a web page", "OPSCTL_SERVER_URL"),
        (
            odd_servers.always(Reply(502, (b"<html><title>502 Bad Gateway</title>",), "text/html")),
            ServerDown,
            "is not healthy: a web page, “502 Bad Gateway”",
            "opsctl status",
        ),
        (
            chatting(refused(404, "The model `x` does not exist.")),
            UnknownModel,
            "no such model",
            "in .env to a name that the server has: mistral",
        ),
    ],
)
def test_what_stands_in_the_way_is_named(
    answer: Answers, kind: type[ServerError], sentence: str, hint: str
) -> None:
    async def main(url: str) -> None:
        async with ChatClient(url, "", timeouts=QUICK) as client:
            _, error = await fails(client)
            assert isinstance(error, kind)
            assert sentence in error.message and hint in error.hint
            assert "pw" not in error.message

    with answering(answer) as url:
        run(lambda: main(url))


def test_a_client_of_tgi_knows_a_server_of_the_other_protocol() -> None:
    async def main(url: str) -> None:
        async with TGIClient(url, "hackatone", timeouts=QUICK) as client:
            with pytest.raises(BadReply, match="speaks the protocol of OpenAI") as caught:
                await client.limits()
            assert "OPSCTL_SERVER_API=openai" in caught.value.hint

    with answering(odd_servers.well) as url:
        run(lambda: main(url))


def test_limits_of_a_tgi_behind_its_chat_route() -> None:
    info = {"model_id": "m", "max_input_tokens": 500, "max_total_tokens": 700}

    def answer(path: str, body: bytes) -> Reply:
        tells = {
            "/info": told(info | {"max_concurrent_requests": 8}),
            "/v1/models": told({"data": [{"id": "m"}]}),
        }
        return tells.get(path) or odd_servers.well(path)

    async def main(url: str) -> None:
        async with ChatClient(url, "another", timeouts=QUICK) as client:
            limits = await client.limits()
            assert (limits.max_total, limits.max_concurrent, client.slots) == (700, 8, 8)

    with answering(answer) as url:
        run(lambda: main(url))


async def whole(client: ChatClient) -> str:
    return "".join([piece async for piece in client.stream(DIALOGUE, 9) if isinstance(piece, str)])
