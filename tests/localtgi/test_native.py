"""TGI's own routes: streams, tokens, what describes the server."""

import json
from typing import Any

from tests.localtgi.conftest import Servers
from tests.localtgi.server import Server

PROMPT = "[INST] Где указан срок действия паспорта? [/INST]"


def stream(server: Server, inputs: str, **parameters: Any) -> list[Any]:
    body = {"inputs": inputs, "parameters": parameters}
    with server.stream("/generate_stream", body) as events:
        return [json.loads(event) for event in events]


def test_a_stream_ends_with_the_text_and_the_details(server: Server) -> None:
    events = stream(server, PROMPT, max_new_tokens=20, details=True)
    assert [event["index"] for event in events] == list(range(1, 21))
    assert set(events[0]["token"]) == {"id", "text", "logprob", "special"}
    assert all(event["generated_text"] is None for event in events[:-1])
    pieces = [event["token"]["text"] for event in events]
    assert events[-1]["generated_text"] == "".join(pieces)
    prompt = server.ask("POST", "/tokenize", {"inputs": PROMPT}).json
    assert events[-1]["details"] == {
        "finish_reason": "length",
        "generated_tokens": 20,
        "seed": None,
        "input_length": len(prompt),
    }
    assert stream(server, PROMPT, max_new_tokens=1)[0]["details"] is None


def test_pieces_of_characters_add_up_to_the_text(torch_report: Any) -> None:
    pieces = torch_report["pieces"]
    assert "".join(pieces).strip() == "Срок — 5 €, 🙂 и всё"
    assert "" in pieces, "no character of several tokens was read, so nothing was tested"
    assert not any("\ufffd" in piece for piece in pieces)


def test_a_tokenizer_that_cuts_and_fills_does_neither(server: Server, servers: Servers) -> None:
    for text in ("АБ", "АБВГД" * 20):
        shown, wanted = (
            each.ask("POST", "/tokenize", {"inputs": text}).json
            for each in (servers.faulty, server)
        )
        assert shown == wanted
        answer = servers.faulty.generate(text, max_new_tokens=1)
        assert answer["details"]["input_length"] == len(wanted)


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
    reply = server.ask("GET", "/health")
    assert (reply.status, reply.body) == (200, b"")
    info = server.ask("GET", "/info").json
    assert info["router"] == "localtgi"
    assert (info["max_input_tokens"], info["max_total_tokens"]) == (3072, 4096)
    assert info["max_concurrent_requests"] == 4
