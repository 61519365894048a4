"""What of the wanted parts fits into the prompt, counted by a fake TGI."""

import asyncio
from collections.abc import Sequence

import pytest

from assistant.budget import EXTRA_TOKENS, Fitted, fit
from assistant.events import Turn
from assistant.prompt import TRAINED, build_messages
from assistant.server.errors import TooLong
from assistant.server.protocols.mistral import render
from assistant.server.protocols.tgi import TGIClient
from assistant.server.types import Message, Tokenized
from indexer.search.searcher import Hit
from tests.fakes.tgi import FakeTGI
from tests.fakes.tgi_model import tokenize
from tests.fakes.tgi_play import Play

# A word is a token of the fake, and the beginning of a text is one more.
HITS = tuple(Hit(f"{n}.txt", None, None, f"слово{n} " * 60, 1 - n / 10) for n in range(5))
TURNS = tuple(Turn(f"вопрос{n} " * 20, f"ответ{n} " * 20) for n in range(4))
QUESTION = "Когда пришёл корабль?"


class Counting(TGIClient):
    """A client that knows how often it had a text tokenized."""

    calls = 0

    async def tokenize(self, text: str) -> Tokenized:
        self.calls += 1
        return await super().tokenize(text)


def length(messages: Sequence[Message]) -> int:
    """The tokens of a prompt."""
    return 1 + len(list(tokenize(render(messages))))


def fitted(
    max_input: int,
    play: Play | None = None,
    question: str = QUESTION,
    max_total: int = 4096,
    turns: Sequence[Turn] = TURNS,
    most: int | None = None,
) -> tuple[Fitted, int]:
    """What is left, and the number of calls of /tokenize."""

    async def main() -> tuple[Fitted, int]:
        shape = (play or Play()).changed(max_input=max_input, max_total=max_total)
        async with FakeTGI(shape) as fake, Counting(fake.url, "hackatone") as client:
            return await fit(question, HITS, turns, client, 512, TRAINED, most), client.calls

    return asyncio.run(main())


def test_all_of_it_goes_in_where_it_fits_and_takes_one_call() -> None:
    found, calls = fitted(3072)
    assert (found.hits, found.turns, calls) == (HITS, TURNS, 1)


def test_a_prompt_of_fewer_bytes_than_tokens_needs_no_call() -> None:
    found, calls = fitted(30_000, max_total=32_000)
    assert (found.hits, found.turns, calls) == (HITS, TURNS, 0)


def test_a_prompt_of_as_many_bytes_as_tokens_is_counted_for_the_server_adds_some() -> None:
    size = len(render(build_messages(QUESTION, HITS, TURNS)).encode())
    assert fitted(size, max_total=32_000)[1] == 1
    assert fitted(size + EXTRA_TOKENS, max_total=32_000)[1] == 0


def test_of_a_dialogue_without_end_only_the_newest_turns_are_sent() -> None:
    """TGI takes requests of 2 MB; this dialogue has 3."""
    turns = tuple(Turn(f"вопрос{n} " * 60, f"ответ{n} " * 60) for n in range(2000))
    found, calls = fitted(3072, turns=turns)
    assert found.turns and found.turns == turns[-len(found.turns) :]
    assert (found.hits, calls <= 2) == (HITS, True)
    assert length(found.messages) <= 3072


def test_a_smaller_budget_as_the_server_counts() -> None:
    found, _ = fitted(3072, most=300)
    assert 200 < length(found.messages) <= 300
    assert found.answer_tokens == 512
    assert fitted(300, most=3072)[0] == fitted(300)[0]


@pytest.mark.parametrize("budget", range(200, 800, 37))
def test_what_is_left_fits_and_nothing_more_would(budget: int) -> None:
    found, calls = fitted(budget)
    assert length(found.messages) <= budget
    assert calls <= 2
    assert found.hits == HITS[: len(found.hits)]
    assert found.turns == TURNS[len(TURNS) - len(found.turns) :]
    if found.turns:
        assert found.hits == HITS, "a turn is left while a passage had to go"
    hits, turns = len(found.hits), len(found.turns)
    more = HITS[: hits + 1], TURNS[len(TURNS) - turns - (hits == len(HITS)) :]
    everything = (found.hits, found.turns) == (HITS, TURNS)
    assert everything or length(build_messages(QUESTION, *more)) > budget


def test_the_oldest_turns_go_first_then_the_worst_passages() -> None:
    without_turns, _ = fitted(length(build_messages(QUESTION, HITS)))
    assert (without_turns.turns, len(without_turns.hits)) == ((), 5)
    fewer, _ = fitted(300)
    assert (fewer.turns, fewer.hits) == ((), HITS[: len(fewer.hits)])
    assert 1 <= len(fewer.hits) < 5


def test_a_server_that_tells_no_offsets_is_fitted_too() -> None:
    found, calls = fitted(400, Play(zero_offsets=True))
    assert length(found.messages) <= 400
    assert calls <= 3


def test_the_answer_gets_no_more_than_half_of_a_small_server() -> None:
    found, _ = fitted(600, max_total=700)
    assert found.answer_tokens == 350
    assert length(found.messages) + found.answer_tokens <= 700


def test_a_question_that_leaves_no_room_is_told_and_never_cut() -> None:
    with pytest.raises(TooLong, match="longer than the server takes") as caught:
        fitted(200, question="слово " * 300)
    assert "ask in fewer words" in caught.value.hint
