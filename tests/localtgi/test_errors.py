"""Requests that are refused, in TGI's words and in its two families."""

import json
from typing import Any

import pytest

from tests.localtgi.conftest import KEY, Servers
from tests.localtgi.server import Server

JSON = {"Content-Type": "application/json"}

REFUSED = [
    ({"temperature": 0}, "`temperature` must be strictly positive"),
    ({"repetition_penalty": 0}, "`repetition_penalty` must be strictly positive"),
    ({"frequency_penalty": 3}, "`frequency_penalty` must be >= -2.0 and <= 2.0"),
    ({"top_p": 1.0}, "`top_p` must be > 0.0 and < 1.0"),
    ({"typical_p": 0}, "`typical_p` must be > 0.0 and < 1.0"),
    ({"top_k": 0}, "`top_k` must be strictly positive"),
    ({"max_new_tokens": 0}, "`max_new_tokens` must be strictly positive"),
    ({"stop": list("abcde")}, "`stop` supports up to 4 stop sequences. Given: 5"),
    ({"truncate": 0}, "`truncate` must be strictly positive and less than 3072. Given: 0"),
    ({"truncate": 4000}, "`truncate` must be strictly positive and less than 3072. Given: 4000"),
    ({"best_of": 2, "do_sample": True}, "`best_of` != 1 is not allowed for this endpoint"),
    ({"grammar": {"type": "regex", "value": "a"}}, "grammar is not supported"),
    ({"watermark": True}, "`watermark` is not supported by localtgi"),
    ({"frequency_penalty": 1}, "`frequency_penalty` is not supported by localtgi"),
]


@pytest.mark.parametrize(("parameters", "text"), REFUSED)
def test_a_refused_parameter_is_named(
    server: Server, parameters: dict[str, Any], text: str
) -> None:
    body = {"inputs": "a", "parameters": parameters}
    error = {"error": f"Input validation error: {text}", "error_type": "validation"}
    reply = server.ask("POST", "/generate", body)
    assert (reply.status, reply.json) == (422, error)


def test_a_stream_is_refused_inside_a_reply_of_200(server: Server) -> None:
    cases = [
        ({"inputs": ""}, "`inputs` cannot be empty"),
        (
            {"inputs": "a", "parameters": {"decoder_input_details": True}},
            "`decoder_input_details` == true is not supported when streaming tokens",
        ),
        (
            {"inputs": "a", "parameters": {"best_of": 2}},
            "`best_of` != 1 is not supported when streaming tokens",
        ),
    ]
    for body, text in cases:
        with server.stream("/generate_stream", body) as events:
            error = {"error": f"Input validation error: {text}", "error_type": "validation"}
            assert [json.loads(event) for event in events] == [error]


def test_a_failure_of_the_model_is_told_and_is_not_the_end(server: Server) -> None:
    # So cold that every score is infinite, and none of them can be drawn.
    parameters = {"temperature": 1e-300, "max_new_tokens": 2}
    body = {"inputs": "a", "parameters": parameters}
    reply = server.ask("POST", "/generate", body)
    assert (reply.status, reply.json["error_type"]) == (424, "generation")
    assert reply.json["error"].startswith("Request failed during generation: Server error: ")
    with server.stream("/generate_stream", body) as events:
        assert [json.loads(event) for event in events] == [reply.json]
    # The model itself works, and one pass of it shows that.
    assert server.ask("GET", "/health").status == 200
    assert server.generate("a", max_new_tokens=2)["details"]["generated_tokens"] == 2


def test_a_fault_that_nothing_foresees_is_told_as_a_failure(server: Server) -> None:
    body = {"inputs": "a", "parameters": {"temperature": 10**400}}  # larger than a float can be
    failures = server.metric('tgi_request_failure{err="generation"}')
    reply = server.ask("POST", "/generate", body)
    assert (reply.status, reply.json["error_type"]) == (424, "generation")
    with server.stream("/generate_stream", body) as events:
        assert [json.loads(event) for event in events] == [reply.json]
    assert server.metric('tgi_request_failure{err="generation"}') == failures + 2


def test_overflow_is_an_error_and_the_health_until_the_model_works_again(servers: Servers) -> None:
    server = servers.faulty
    parameters = {"max_new_tokens": 4, "decoder_input_details": True}
    for inputs, status, health in (("А", 200, 200), ("a", 424, 503), ("А", 200, 200)):
        reply = server.ask("POST", "/generate", {"inputs": inputs, "parameters": parameters})
        assert reply.status == status
        if status == 424:
            text = "the model's numbers overflowed; try --dtype float32"
            assert reply.json == {
                "error": f"Request failed during generation: Server error: {text}",
                "error_type": "generation",
            }
        for path in ("/", "/health", "/ping"):
            reply = server.ask("GET", path)
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
    reply = server.ask("POST", "/generate", {"inputs": text, "parameters": {"max_new_tokens": 8}})
    assert reply.json["error"] == (
        "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096."
        f" Given: {number} `inputs` tokens and 8 `max_new_tokens`"
    )
    text, number = counted(server, 3500)
    reply = server.ask("POST", "/generate", {"inputs": text, "parameters": {"max_new_tokens": 8}})
    assert reply.json["error"] == (
        f"Input validation error: `inputs` must have less than 3072 tokens. Given: {number}"
    )


def test_only_the_first_1024_tokens_of_an_answer_have_to_fit(server: Server) -> None:
    text, number = counted(server, 3000)
    assert number + 1024 <= 4096 < number + 2000
    body = {"inputs": text, "parameters": {"max_new_tokens": 2000}}
    with server.stream("/generate_stream", body) as events:
        assert json.loads(next(events))["index"] == 1
    text, number = counted(server, 3200)
    error = server.ask(
        "POST", "/generate", {"inputs": text, "parameters": {"max_new_tokens": 2000}}
    )
    assert error.json["error"].endswith(f"{number} `inputs` tokens and 1024 `max_new_tokens`")


BODIES = [
    (b"{", JSON, 400, "Failed to parse the request body as JSON: "),
    (b'{"inputs": NaN}', JSON, 400, "Failed to parse the request body as JSON: "),
    (b'{"inputs": "\\ud800"}', JSON, 400, "Failed to parse the request body as JSON: "),
    (b'{"\xed\xa0\x80": 1}', JSON, 400, "Failed to parse the request body as JSON: "),
    (b"{}", {"Content-Type": "text/plain"}, 415, "Expected request with `Content-Type: applic"),
    (b"{}", {}, 415, "Expected request with `Content-Type: application/json`"),
    (b'{"inputs": "%s"}' % (b"a" * 2_000_001), JSON, 413, "Failed to buffer the request body: "),
    (b"{}", JSON, 422, "Failed to deserialize the JSON body into the target type: missing field"),
    (b"[]", JSON, 422, "Failed to deserialize the JSON body into the target type: "),
]


@pytest.mark.parametrize(("body", "headers", "status", "text"), BODIES)
@pytest.mark.parametrize("path", ["/generate", "/generate_stream", "/", "/v1/chat/completions"])
def test_a_body_that_can_not_be_read_is_refused_in_plain_text(
    server: Server, path: str, body: bytes, headers: dict[str, str], status: int, text: str
) -> None:
    reply = server.ask("POST", path, body, headers)
    assert reply.status == status
    assert reply.text.startswith(text)


WRONG_TYPES = [
    {"inputs": 5},
    {"inputs": "a", "parameters": None},
    {"inputs": "a", "parameters": {"seed": -1}},
    {"inputs": "a", "parameters": {"top_k": "5"}},
    {"inputs": "a", "parameters": {"max_new_tokens": True}},
    {"inputs": "a", "parameters": {"do_sample": None}},
    {"inputs": "a", "parameters": {"stop": "text"}},
]


@pytest.mark.parametrize("body", WRONG_TYPES)
def test_a_wrong_type_is_refused_in_plain_text(server: Server, body: dict[str, Any]) -> None:
    reply = server.ask("POST", "/generate_stream", body)
    assert reply.status == 422
    assert reply.text.startswith("Failed to deserialize the JSON body into the target type: ")


def test_unknown_fields_and_nulls_are_left_out(server: Server) -> None:
    parameters = {"stop_sequences": ["a"], "top_k": None, "grammar": None, "max_new_tokens": 1}
    body = {"inputs": "a", "parameters": parameters, "adapter_id": "loud"}
    assert server.ask("POST", "/generate", body).status == 200


def test_unknown_paths_and_wrong_methods_are_answered_with_nothing(server: Server) -> None:
    for method, path, status in (
        ("GET", "/x", 404),
        ("POST", "/x", 404),
        ("GET", "/generate", 405),
    ):
        reply = server.ask(method, path)
        assert (reply.status, reply.body) == (status, b"")
        assert "content-type" not in reply.headers


def test_the_key_is_asked_for_where_tgi_asks(servers: Servers) -> None:
    body = {"inputs": "a", "parameters": {"max_new_tokens": 1}}
    for given in (None, "Bearer other", "Bearer \xff", KEY):
        headers = JSON if given is None else {**JSON, "Authorization": given}
        for path in ("/", "/generate", "/generate_stream", "/tokenize", "/v1/chat/completions"):
            reply = servers.gptq.ask("POST", path, body, headers)
            assert (reply.status, reply.body) == (401, b"")
            assert "content-type" not in reply.headers
    for header in (f"Bearer {KEY}", f"bearer {KEY.upper()}"):
        reply = servers.gptq.ask("POST", "/generate", body, {**JSON, "Authorization": header})
        assert reply.status == 200
    for path in ("/", "/health", "/ping", "/info", "/v1/models", "/metrics"):
        assert servers.gptq.ask("GET", path).status == 200
    assert not any(KEY in line for line in servers.gptq.log)
