"""Requests that are refused, in TGI's words and in its two families."""

from typing import Any

import pytest

from tests.localtgi.conftest import KEY, Servers
from tests.localtgi.server import Server

JSON = {"Content-Type": "application/json"}

REFUSED = [
    ({"temperature": 0.7}, "`temperature` is not supported by localtgi, which answers greedily"),
    ({"do_sample": True}, "`do_sample` is not supported by localtgi, which answers greedily"),
    ({"stop": ["a"]}, "`stop` is not supported by localtgi, which answers greedily"),
]


@pytest.mark.parametrize(("parameters", "text"), REFUSED)
def test_a_parameter_that_would_be_left_out_is_refused(
    server: Server, parameters: dict[str, Any], text: str
) -> None:
    reply = server.ask("POST", "/generate_stream", {"inputs": "a", "parameters": parameters})
    error = {"error": f"Input validation error: {text}", "error_type": "validation"}
    assert (reply.status, reply.json) == (422, error)


def test_a_stream_is_refused_inside_a_reply_of_200(server: Server) -> None:
    refused: list[tuple[str, dict[str, Any], str]] = [
        ("", {}, "`inputs` cannot be empty"),
        ("a", {"max_new_tokens": 0}, "`max_new_tokens` must be strictly positive"),
    ]
    for inputs, parameters, text in refused:
        error = {"error": f"Input validation error: {text}", "error_type": "validation"}
        assert server.refusal(inputs, **parameters) == error


def test_overflow_is_an_error_and_the_health_until_the_model_works_again(servers: Servers) -> None:
    server = servers.faulty
    text = "the model's numbers overflowed; try --dtype float32"
    for inputs, health in (("А", 200), ("a", 503), ("А", 200)):
        if health == 503:
            assert server.refusal(inputs, max_new_tokens=4) == {
                "error": f"Request failed during generation: Server error: {text}",
                "error_type": "generation",
            }
        else:
            assert server.generate(inputs, max_new_tokens=4)["details"]["generated_tokens"]
        reply = server.ask("GET", "/health")
        assert reply.status == health
        if health == 503:
            assert reply.json == {"error": "unhealthy", "error_type": "healthcheck"}


def counted(server: Server, tokens: int) -> tuple[str, int]:
    """A prompt of about as many tokens, and how many it has."""
    word = len(server.ask("POST", "/tokenize", {"inputs": "слово " * 100}).json) / 100
    text = "слово " * int(tokens / word)
    return text, len(server.ask("POST", "/tokenize", {"inputs": text}).json)


def test_a_prompt_that_is_too_long_is_counted(server: Server) -> None:
    text, number = counted(server, 5000)
    assert server.refusal(text, max_new_tokens=8)["error"] == (
        "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096."
        f" Given: {number} `inputs` tokens and 8 `max_new_tokens`"
    )
    text, number = counted(server, 3500)
    assert server.refusal(text, max_new_tokens=8)["error"] == (
        f"Input validation error: `inputs` must have less than 3072 tokens. Given: {number}"
    )


BODIES = [
    (b"{", 400, "Failed to parse the request body as JSON: "),
    (b'{"inputs": "\\ud800"}', 400, "Failed to parse the request body as JSON: "),
    (b'{"\xed\xa0\x80": 1}', 400, "Failed to parse the request body as JSON: "),
    (b"{}", 422, "Failed to deserialize the JSON body into the target type: "),
    (b"[]", 422, "Failed to deserialize the JSON body into the target type: "),
]


@pytest.mark.parametrize(("body", "status", "text"), BODIES)
@pytest.mark.parametrize("path", ["/tokenize", "/generate_stream"])
def test_a_body_that_can_not_be_read_is_refused_in_plain_text(
    server: Server, path: str, body: bytes, status: int, text: str
) -> None:
    reply = server.ask("POST", path, body)
    assert reply.status == status
    assert reply.text.startswith(text)


def test_a_body_that_is_too_large_is_refused(server: Server) -> None:
    body = b'{"inputs": "%s"}' % (b"a" * 2_000_001)
    assert server.ask("POST", "/generate_stream", body).status == 413


WRONG_TYPES = [
    {"inputs": 5},
    {"inputs": "a", "parameters": None},
    {"inputs": "a", "parameters": {"adapter_id": 1}},
    {"inputs": "a", "parameters": {"max_new_tokens": True}},
]


@pytest.mark.parametrize("body", WRONG_TYPES)
def test_a_wrong_type_is_refused_in_plain_text(server: Server, body: dict[str, Any]) -> None:
    reply = server.ask("POST", "/generate_stream", body)
    assert reply.status == 422
    assert reply.text.startswith("Failed to deserialize the JSON body into the target type: ")


def test_what_is_not_asked_for_is_left_out(server: Server) -> None:
    parameters: dict[str, Any] = {
        "top_k": None,
        "watermark": False,
        "stop": [],
        "max_new_tokens": 1,
    }
    assert server.generate("a", **parameters)["details"]["generated_tokens"] == 1


def test_unknown_paths_and_wrong_methods_are_answered_with_nothing(server: Server) -> None:
    for method, path, status in (
        ("GET", "/x", 404),
        ("POST", "/generate", 404),
        ("GET", "/generate_stream", 405),
    ):
        reply = server.ask(method, path)
        assert (reply.status, reply.body) == (status, b"")


def test_the_key_is_asked_for_where_tgi_asks(servers: Servers) -> None:
    body = {"inputs": "a", "parameters": {"max_new_tokens": 1}}
    for given in (None, "Bearer other", "Bearer \xff", KEY):
        headers = JSON if given is None else {**JSON, "Authorization": given}
        for path in ("/generate_stream", "/tokenize"):
            reply = servers.gptq.ask("POST", path, body, headers)
            assert (reply.status, reply.body) == (401, b"")
    for header in (f"Bearer {KEY}", f"bearer {KEY.upper()}"):
        reply = servers.gptq.ask("POST", "/tokenize", body, {**JSON, "Authorization": header})
        assert reply.status == 200
    for path in ("/health", "/info", "/metrics"):
        assert servers.gptq.ask("GET", path).status == 200
    assert not any(KEY in line for line in servers.gptq.log)
