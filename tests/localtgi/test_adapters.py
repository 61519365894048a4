"""Adapters per request: applied to every token, never mixed, and silently absent as in TGI."""

import threading
from typing import Any

import pytest

from tests.localtgi.server import Server, ids, logprobs

PROMPT = "[INST] Куда обратиться за новым паспортом? [/INST]"
TOKENS = 16


def answer(server: Server, adapter: str | None) -> Any:
    return server.generate(PROMPT, max_new_tokens=TOKENS, adapter_id=adapter)


def test_adapters_change_the_answer_and_each_in_its_own_way(server: Server) -> None:
    answers = {name: answer(server, name) for name in (None, "loud", "other")}
    assert len({tuple(ids(found)) for found in answers.values()}) == 3
    assert len({logprobs(found)[0] for found in answers.values()}) == 3


def tokenized(server: Server, text: str) -> list[int]:
    tokens = server.ask("POST", "/tokenize", {"inputs": text}).json
    return [token["id"] for token in tokens]


@pytest.mark.parametrize("name", ["zero", "no-such-adapter", "Loud", ""])
def test_zero_and_unknown_adapters_are_the_base_to_the_last_bit(server: Server, name: str) -> None:
    answer(server, "loud")
    assert answer(server, name)["details"] == answer(server, None)["details"]


@pytest.mark.parametrize("name", [None, "loud", "other"])
def test_the_adapter_is_applied_to_every_token(server: Server, name: str | None) -> None:
    """Each token is as likely as it is where the text before it is read, not decoded."""
    made = answer(server, name)
    begin = tokenized(server, PROMPT)
    text, compared = PROMPT, 0
    for place, token in enumerate(made["details"]["tokens"]):
        if tokenized(server, text) == begin + ids(made)[:place]:
            read = server.generate(text, max_new_tokens=1, adapter_id=name)
            assert ids(read) == [token["id"]]
            assert logprobs(read) == pytest.approx([token["logprob"]], abs=1e-4)
            compared += 1
        text += token["text"]
    assert compared > TOKENS / 2


def test_requests_of_different_adapters_at_once_never_mix(server: Server) -> None:
    names = (None, "loud", "other", "zero")
    alone = {name: ids(answer(server, name)) for name in names}
    together: list[tuple[str | None, list[int]]] = []

    def ask(name: str | None) -> None:
        together.extend((name, ids(answer(server, name))) for _ in range(6))

    threads = [threading.Thread(target=ask, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(together) == 24
    assert all(made == alone[name] for name, made in together)
