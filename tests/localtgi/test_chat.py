"""/v1/chat/completions, whole and as a stream."""

import json
from typing import Any

import pytest

from tests.localtgi.server import Server

MESSAGES = [{"role": "user", "content": "Где паспорт?"}]
PROMPT = "[INST] Где паспорт? [/INST]"  # what the template makes of it, behind BOS


def chat(**fields: Any) -> dict[str, Any]:
    return {"messages": MESSAGES, "max_tokens": 12, "temperature": 0, **fields}


def test_a_chat_answers_as_the_native_route_does(server: Server) -> None:
    native = server.generate(PROMPT, max_new_tokens=12)
    reply = server.ask("POST", "/v1/chat/completions", chat()).json
    assert reply["object"] == "chat.completion" and reply["id"] == ""
    [choice] = reply["choices"]
    assert choice["message"] == {"role": "assistant", "content": native["generated_text"]}
    assert (choice["finish_reason"], choice["logprobs"]) == ("length", None)
    length = len(server.ask("POST", "/tokenize", {"inputs": PROMPT}).json)
    assert reply["usage"] == {
        "prompt_tokens": length,
        "completion_tokens": 12,
        "total_tokens": length + 12,
    }


def test_a_stream_of_chunks_ends_with_usage_and_done(server: Server) -> None:
    body = chat(stream=True, stream_options={"include_usage": True}, logprobs=True)
    with server.stream("/v1/chat/completions", body) as events:
        *chunks, done = list(events)
    assert done == "[DONE]"
    *parts, usage = [json.loads(chunk) for chunk in chunks]
    assert usage["choices"] == [] and usage["usage"]["completion_tokens"] == 12
    deltas = [part["choices"][0]["delta"] for part in parts]
    assert all(set(delta) == {"role", "content"} for delta in deltas)
    text = "".join(delta["content"] for delta in deltas)
    native = server.generate(PROMPT, max_new_tokens=12)
    assert text == native["generated_text"]
    found = [part["choices"][0]["logprobs"]["content"][0]["logprob"] for part in parts]
    assert found == [token["logprob"] for token in native["details"]["tokens"]]
    reasons = [part["choices"][0]["finish_reason"] for part in parts]
    assert reasons == [None] * 11 + ["length"]


@pytest.mark.parametrize("model", ["loud", "tgi", "no-such-adapter"])
def test_the_model_names_the_adapter_and_comes_back(server: Server, model: str) -> None:
    reply = server.ask("POST", "/v1/chat/completions", chat(model=model)).json
    native = server.generate(PROMPT, max_new_tokens=12, adapter_id=model)
    assert reply["model"] == model
    assert reply["choices"][0]["message"]["content"] == native["generated_text"]


def test_a_last_message_of_the_assistant_is_continued(server: Server) -> None:
    body = chat(messages=[*MESSAGES, {"role": "assistant", "content": "Паспорт"}])
    reply = server.ask("POST", "/v1/chat/completions", body).json
    native = server.generate(PROMPT + "Паспорт", max_new_tokens=12)
    assert reply["choices"][0]["message"]["content"] == native["generated_text"]


def test_no_temperature_means_sampling(server: Server) -> None:
    body = chat()
    del body["temperature"]
    texts = {
        server.ask("POST", "/v1/chat/completions", {**body, "seed": seed}).json["choices"][0][
            "message"
        ]["content"]
        for seed in range(3)
    }
    assert len(texts) == 3


def test_the_template_refuses_before_a_stream_begins(server: Server) -> None:
    refused = [[*MESSAGES, *MESSAGES], [{"role": "system", "content": "a"}, *MESSAGES]]
    for messages in refused:
        reply = server.ask("POST", "/v1/chat/completions", chat(messages=messages, stream=True))
        assert reply.status == 422
        assert reply.json["error_type"] == "template_error"
        assert reply.json["error"].startswith(
            "Template error: syntax error: Conversation roles must"
        )


def test_no_messages_are_refused_by_the_template(server: Server) -> None:
    reply = server.ask("POST", "/v1/chat/completions", chat(messages=[]))
    assert (reply.status, reply.json["error_type"]) == (422, "template_error")


def test_a_stream_tells_an_error_as_422_and_is_done(server: Server) -> None:
    with server.stream("/v1/chat/completions", chat(top_p=1, stream=True)) as events:
        error, done = list(events)
    message = "Input validation error: `top_p` must be > 0.0 and < 1.0"
    assert json.loads(error) == {"error": {"message": message, "http_status_code": 422}}
    assert done == "[DONE]"
    reply = server.ask("POST", "/v1/chat/completions", chat(top_p=1))
    assert (reply.status, reply.json["error"]) == (422, message)
    # A fault that nothing foresees: a number larger than a float can be.
    with server.stream("/v1/chat/completions", chat(temperature=10**400, stream=True)) as events:
        error, done = list(events)
    assert "failed during generation" in json.loads(error)["error"]["message"]
    assert done == "[DONE]"


@pytest.mark.parametrize(
    "fields", [{"tools": [{"type": "function"}]}, {"response_format": {"type": "json"}}]
)
def test_what_is_not_supported_is_refused(server: Server, fields: dict[str, Any]) -> None:
    assert server.ask("POST", "/v1/chat/completions", chat(**fields)).status == 422


def test_messages_of_a_wrong_type_are_refused_in_plain_text(server: Server) -> None:
    for messages in ([5], [{"content": "a"}], "text", [{"role": "user", "content": 5}]):
        reply = server.ask("POST", "/v1/chat/completions", chat(messages=messages))
        assert reply.status == 422
        assert reply.text.startswith("Failed to deserialize the JSON body into the target type: ")
