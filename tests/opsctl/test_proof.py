"""The proof that the adapter is applied, on servers that make it hard."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from assistant.server.protocols.tgi import TGIClient
from assistant.server.types import Finish, GeneratedToken, Generation, Queue, Tokenized
from opsctl.server.proof import Step, prove

Answers = dict[str, tuple[tuple[str, float], ...]]


@dataclass
class Server:
    """A server whose tokens are letters: what it decodes, and what it reads after each letter.

    `decoded` and `read` are by adapter: the answer to a prompt, and the next letter to prompt and
    so many letters.
    """

    decoded: Answers
    read: Answers
    busy: int = 0
    asked: list[str] = field(default_factory=list)

    async def queue(self) -> Queue:
        return Queue(0, self.busy)

    async def tokenize(self, text: str) -> Tokenized:
        return Tokenized(tuple(map(ord, text)), ())

    async def generate(self, prompt: str, *, adapter: str, max_new_tokens: int) -> Generation:
        self.asked.append(adapter)
        place = len(prompt.rpartition("]")[2])
        known = adapter if adapter in self.decoded else "zero"
        decoded = self.decoded[known][:max_new_tokens]
        letters = self.read[known][place : place + 1] if place else decoded
        tokens = tuple(GeneratedToken(ord(text), text, logprob, False) for text, logprob in letters)
        return Generation("", tokens, Finish("length", len(tokens)))


def steps(server: Server) -> dict[str, Step]:
    async def main() -> list[Step]:
        return [step async for step in prove(cast(TGIClient, server), "real")]

    return {step.name: step for step in asyncio.run(main())}


def letters(text: str, logprob: float = -0.1) -> tuple[tuple[str, float], ...]:
    return tuple((letter, logprob) for letter in text)


BASE = letters("xxxxxxxx", -2.0)
REAL = letters("abcdefgh")


def server(decoded: Any = REAL, read: Any = REAL, **options: Any) -> Server:
    return Server({"real": decoded, "zero": BASE}, {"real": read, "zero": BASE}, **options)


def test_a_sound_server_passes() -> None:
    found = steps(server())
    assert [found[name].result for name in ("differs", "control", "decoding")] == ["ok"] * 3


@pytest.mark.parametrize("last", ["abcd", ""])
def test_an_adapter_that_begins_as_the_base_does_is_told_by_a_longer_answer(last: str) -> None:
    base, late = letters("x" * 24, -2.0), letters("x" * 20 + last, -2.0)
    answers = {"real": late, "zero": base}
    found = steps(Server(answers, answers))
    assert [found[name].result for name in ("differs", "control")] == ["ok"] * 2
    assert found["decoding"].result == ("ok" if last else "warning")


def test_the_base_model_fails() -> None:
    assert steps(server(decoded=BASE))["differs"].result == "failed"


def test_an_adapter_that_is_dropped_after_the_first_token_fails() -> None:
    dropped = (*REAL[:1], *BASE[1:])
    assert steps(server(decoded=dropped))["decoding"].result == "failed"


def test_a_tie_that_is_broken_otherwise_is_no_fault() -> None:
    tie = (*REAL[:1], ("q", -0.15), *REAL[2:])
    assert steps(server(decoded=tie))["decoding"].result == "ok"


def test_an_answer_of_one_token_proves_nothing_and_is_no_fault() -> None:
    assert steps(server(decoded=REAL[:1]))["decoding"].result == "warning"


def test_an_unknown_name_is_not_sent_to_a_busy_server() -> None:
    busy = server(busy=3)
    assert steps(busy)["control"].result == "skipped"
    assert set(busy.asked) == {"real", "zero"}
