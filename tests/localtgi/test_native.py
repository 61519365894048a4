"""TGI's own routes: answers, streams, parameters."""

import json
from typing import Any

import pytest

from tests.localtgi.conftest import Servers
from tests.localtgi.server import Server, ids, logprobs

PROMPT = "[INST] Где указан срок действия паспорта? [/INST]"


def stream(server: Server, path: str, inputs: str, **parameters: Any) -> list[Any]:
    body = {"inputs": inputs, "parameters": parameters, "stream": True}
    with server.stream(path, body) as events:
        return [json.loads(event) for event in events]


def test_an_answer_has_text_and_details(server: Server) -> None:
    reply = server.ask(
        "POST", "/generate",
        {"inputs": PROMPT, "parameters": {"max_new_tokens": 5, "details": True}},
    )  # fmt: skip
    answer = reply.json
    details = answer["details"]
    assert set(details) == {"finish_reason", "generated_tokens", "seed", "prefill", "tokens"}
    assert details["finish_reason"] == "length"
    assert details["generated_tokens"] == len(details["tokens"]) == 5
    assert details["seed"] is None and details["prefill"] == []
    assert set(details["tokens"][0]) == {"id", "text", "logprob", "special"}
    assert answer["generated_text"] == "".join(token["text"] for token in details["tokens"])
    assert reply.headers["x-generated-tokens"] == "5"
    assert reply.headers["x-compute-characters"] == str(len(PROMPT))


def test_an_answer_without_details_is_only_text(server: Server) -> None:
    body = {"inputs": PROMPT, "parameters": {"max_new_tokens": 2}, "stream": True}
    assert set(server.ask("POST", "/generate", body).json) == {"generated_text"}


def test_a_stream_gives_the_same_tokens_and_ends_with_the_text(server: Server) -> None:
    whole = server.generate(PROMPT, max_new_tokens=20)
    events = stream(server, "/generate_stream", PROMPT, max_new_tokens=20, details=True)
    assert [event["index"] for event in events] == list(range(1, 21))
    assert [event["token"] for event in events] == whole["details"]["tokens"]
    assert all(event["generated_text"] is None for event in events[:-1])
    assert events[-1]["generated_text"] == whole["generated_text"]
    prompt = server.ask("POST", "/tokenize", {"inputs": PROMPT}).json
    assert events[-1]["details"] == {
        "finish_reason": "length",
        "generated_tokens": 20,
        "seed": None,
        "input_length": len(prompt),
    }
    assert stream(server, "/generate_stream", PROMPT, max_new_tokens=1)[0]["details"] is None


def test_the_root_answers_a_list_with_the_prompt_or_a_stream(server: Server) -> None:
    body: dict[str, Any] = {"inputs": PROMPT, "parameters": {"max_new_tokens": 3}}
    [answer] = server.ask("POST", "/", body).json
    text = server.generate(PROMPT, max_new_tokens=3)["generated_text"]
    assert answer == {"generated_text": PROMPT + text}
    body["parameters"]["return_full_text"] = False
    assert server.ask("POST", "/", body).json == [{"generated_text": text}]
    events = stream(server, "/", PROMPT, max_new_tokens=3)
    assert events[-1]["generated_text"] == PROMPT + text


def test_pieces_of_characters_add_up_to_the_text(server: Server) -> None:
    cut = 0
    for seed in range(6):
        events = stream(
            server, "/generate_stream", PROMPT, max_new_tokens=60, do_sample=True, seed=seed
        )
        pieces = [event["token"]["text"] for event in events if not event["token"]["special"]]
        assert events[-1]["generated_text"] == "".join(pieces)
        assert not any(piece.endswith("\ufffd") for piece in pieces)
        cut += pieces.count("")
    assert cut, "no character of several tokens was made, so nothing was tested"


def test_the_end_token_is_an_event_of_its_own_and_no_text(server: Server) -> None:
    for seed in range(40):
        events = stream(
            server, "/generate_stream", PROMPT,
            max_new_tokens=300, temperature=3.0, seed=seed, details=True,
        )  # fmt: skip
        if events[-1]["details"]["finish_reason"] == "eos_token":
            break
    token = events[-1]["token"]
    assert (token["id"], token["special"]) == (2, True)
    assert token["text"].endswith("</s>")
    assert "</s>" not in events[-1]["generated_text"]
    assert events[-1]["details"]["seed"] == seed


def test_a_stop_sequence_ends_the_answer_and_stays_in_it(server: Server) -> None:
    tokens = server.generate(PROMPT, max_new_tokens=20)["details"]["tokens"]
    place = next(i for i, token in enumerate(tokens) if i > 2 and token["text"].strip())
    stop = tokens[place]["text"]
    answer = server.generate(PROMPT, max_new_tokens=20, stop=["никогда", stop])
    assert answer["details"]["finish_reason"] == "stop_sequence"
    assert answer["generated_text"].endswith(stop)
    assert answer["details"]["generated_tokens"] <= place + 1


def test_prompt_details_agree_with_what_was_generated(server: Server) -> None:
    answer = server.generate(PROMPT, max_new_tokens=12, decoder_input_details=True)
    prefill = answer["details"]["prefill"]
    assert [token["id"] for token in prefill] == [
        token["id"] for token in server.ask("POST", "/tokenize", {"inputs": PROMPT}).json
    ]
    assert prefill[0] == {"id": 1, "text": "<s>", "logprob": None}
    assert all(token["logprob"] < 0 for token in prefill[1:])


def test_a_tokenizer_that_cuts_and_fills_does_neither(server: Server, servers: Servers) -> None:
    for text in ("АБ", "АБВГД" * 20):
        body = {"inputs": text, "parameters": {"max_new_tokens": 1, "decoder_input_details": True}}
        wanted = [token["id"] for token in server.ask("POST", "/tokenize", body).json]
        shown = servers.faulty.ask("POST", "/tokenize", body).json
        assert [token["id"] for token in shown] == wanted
        details = servers.faulty.ask("POST", "/generate", body).json["details"]
        assert [token["id"] for token in details["prefill"]] == wanted


def test_truncate_keeps_the_end_behind_bos(server: Server) -> None:
    whole = server.ask("POST", "/tokenize", {"inputs": PROMPT}).json
    answer = server.generate(PROMPT, max_new_tokens=1, truncate=6, decoder_input_details=True)
    kept = [token["id"] for token in answer["details"]["prefill"]]
    assert kept == [1, *[token["id"] for token in whole[-5:]]]


def test_sampling_repeats_with_its_seed_and_varies_without(server: Server) -> None:
    def sample(**parameters: Any) -> list[int]:
        return ids(server.generate(PROMPT, max_new_tokens=12, do_sample=True, **parameters))

    assert sample(seed=7) == sample(seed=7)
    assert sample(seed=7) != sample(seed=8)
    assert sample() != sample()


def test_no_parameters_mean_sampling_and_empty_ones_do_not(server: Server) -> None:
    # The answers run to the limit of their own accord, so they are stopped after some tokens.
    def first(body: dict[str, Any]) -> list[int]:
        with server.stream("/generate_stream", body) as events:
            return [json.loads(next(events))["token"]["id"] for _ in range(12)]

    greedy = ids(server.generate(PROMPT, max_new_tokens=12))
    assert first({"inputs": PROMPT, "parameters": {}}) == greedy
    assert first({"inputs": PROMPT}) != greedy


@pytest.mark.parametrize("warper", [{"top_k": 1}, {"top_p": 0.0001}, {"temperature": 0.001}])
def test_the_narrowest_warpers_choose_as_greedy_does(
    server: Server, warper: dict[str, float]
) -> None:
    greedy = server.generate(PROMPT, max_new_tokens=12)
    warped = server.generate(PROMPT, max_new_tokens=12, seed=3, **warper)
    assert ids(warped) == ids(greedy)
    assert warped["details"]["seed"] == 3
    # As in TGI, the probability is that after the warpers: one token is left.
    assert logprobs(warped) == pytest.approx([0.0] * 12, abs=1e-3)


def test_the_repetition_penalty_keeps_tokens_from_coming_again(server: Server) -> None:
    plain = ids(server.generate(PROMPT, max_new_tokens=20))
    penalised = ids(server.generate(PROMPT, max_new_tokens=20, repetition_penalty=20.0))
    assert len(set(plain)) < 20
    assert len(set(penalised)) == 20


def test_tokens_cover_the_bytes_of_a_text(server: Server) -> None:
    text = "Срок: 5 дней — €10 🙂"
    tokens = server.ask("POST", "/tokenize", {"inputs": text}).json
    assert tokens[0] == {"id": 1, "text": "", "start": 0, "stop": 0}
    data = text.encode()
    for token in tokens[1:]:
        assert data[token["start"] : token["stop"]].decode() == token["text"]
    assert {place for t in tokens for place in range(t["start"], t["stop"])} == set(
        range(len(data))
    )


def test_the_small_routes_describe_the_server(server: Server) -> None:
    for path in ("/", "/health", "/ping"):
        reply = server.ask("GET", path)
        assert (reply.status, reply.body) == (200, b"")
    info = server.ask("GET", "/info").json
    assert info["router"] == "localtgi" and info["docker_label"] is None
    assert (info["max_input_tokens"], info["max_total_tokens"]) == (3072, 4096)
    assert info["max_concurrent_requests"] == 4
    models = server.ask("GET", "/v1/models").json
    assert [entry["id"] for entry in models["data"]] == [info["model_id"]]
