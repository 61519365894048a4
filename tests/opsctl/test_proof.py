"""The proof that the adapter is applied, on servers that make it hard."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from assistant.server.errors import UnknownModel
from assistant.server.types import Finish, GeneratedToken, Generation, Queue
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
    strict: bool = False  # an unknown name is refused, else it is the base
    asked: list[str] = field(default_factory=list)

    async def base_name(self, adapter: str) -> str:
        return "zero"

    async def queue(self) -> Queue:
        return Queue(0, self.busy)

    async def generate(self, prompt: str, *, adapter: str, max_new_tokens: int) -> Generation:
        self.asked.append(adapter)
        if self.strict and adapter not in self.decoded:
            raise UnknownModel(f"there is no {adapter}")
        decoded = self.decoded.get(adapter, self.decoded["zero"])[:max_new_tokens]
        tokens = tuple(map(token, decoded))
        return Generation("", tokens, Finish("length", len(tokens)))

    async def next_token(
        self, prompt: str, answer: Sequence[GeneratedToken], *, adapter: str
    ) -> GeneratedToken:
        return token(self.read[adapter][len(answer)])


def token(letter: tuple[str, float]) -> GeneratedToken:
    text, logprob = letter
    return GeneratedToken(ord(text), text, logprob, False)


def steps(server: Server) -> dict[str, Step]:
    async def main() -> list[Step]:
        return [step async for step in prove(server, "real")]

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


def test_a_server_may_refuse_an_unknown_name_or_answer_as_the_base() -> None:
    assert steps(server(strict=True))["control"] == Step(
        "control", "ok", "an unknown adapter is refused"
    )
    assert steps(server())["control"].detail == "an unknown adapter answers as zero does"


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
