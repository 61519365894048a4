"""How fast a running model server answers: asked as people ask it, one at a time and several."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from statistics import median

from assistant.server.connect import connect_to
from assistant.server.types import Finish, Message, ModelServer
from core.errors import UserError
from core.settings import Settings

AT_ONCE = (1, 4, 16)
PROMPT_WORDS = 220  # of a passage or three: some 500 tokens of most vocabularies
WORDS = (
    "отряд", "склад", "лёд", "заявка", "станция", "прибор", "журнал", "срок", "начальник", "рация",
    "участок", "измерение", "поле", "месяц", "пункт", "форма", "снегоход", "топливо", "связь",
)  # fmt: skip
TASK = "Перепиши этот текст слово в слово, ничего не пропуская:"
USUAL_TOKENS = 150  # of an answer, to say what a person waits
LONGEST_ROUND = 600.0  # seconds; a round that would take longer is not begun
SLOW_FIRST = 10.0  # seconds to the first token that people notice
GAIN = 1.3  # several questions at once give so many times the tokens, or the server is full


@dataclass(frozen=True)
class Round:
    """Several questions asked at once; times are in seconds.

    `first` and `worst_first` are the median and the longest time to the first token,
    `each` the median speed of an answer once it has begun and `together` that of all, in tokens
    per second; `failed` says why the others got no answer.
    """

    questions: int
    answered: int
    prompt_tokens: int
    first: float
    worst_first: float
    each: float
    together: float
    failed: str = ""


@dataclass(frozen=True)
class _Answer:
    prompt_tokens: int
    tokens: int
    first: float
    seconds: float


async def rounds(config: Settings, tokens: int) -> AsyncIterator[Round]:
    """Measure one after another; ends early where the next would take too long. Raises UserError.

    `tokens` is the length of each answer. Every prompt is another one: a server that keeps the
    beginning of a prompt gains nothing by it.
    """
    expected = 0.0
    async with connect_to(config, config.answer_seconds) as server:
        await _ask(server, 1)  # what only the first question costs
        for count in AT_ONCE:
            if expected * count > LONGEST_ROUND:
                return
            found, seconds = await _round(server, count, tokens)
            yield found
            expected = seconds / count


def advice(found: Sequence[Round], config: Settings, slots: int | None) -> list[str]:
    """What people will wait, and what can be changed."""
    one, last = found[0], found[-1]
    wait = one.first + USUAL_TOKENS / one.each
    told = [f"an answer of {USUAL_TOKENS} tokens to one person takes about {wait:.0f} s"]
    if wait > config.answer_seconds:
        told.append(f"that is more than OPSCTL_ANSWER_SECONDS={config.answer_seconds}: raise it")
    if one.first > SLOW_FIRST:
        told.append(f"most of a wait is reading: fewer passages, OPSCTL_TOP_K={config.top_k} now")
    if slots and slots < last.questions:
        told.append(f"the server takes {slots} at a time, the others wait: give it more slots")
    elif len(found) > 1 and last.together < GAIN * one.together:
        told.append("more questions at once bring no more tokens: this machine is at its limit")
    if last.failed:
        told.append(f"some got no answer: {last.failed}")
    return told


async def _round(server: ModelServer, count: int, tokens: int) -> tuple[Round, float]:
    began = time.monotonic()
    done = await asyncio.gather(
        *(_ask(server, tokens) for _ in range(count)), return_exceptions=True
    )
    seconds = time.monotonic() - began
    answers = [one for one in done if isinstance(one, _Answer)]
    errors = [one for one in done if isinstance(one, BaseException)]
    others = [one for one in errors if not isinstance(one, UserError)]
    if others or not answers:
        raise (others or errors)[0]
    firsts = [one.first for one in answers]
    failed = errors[0].message if errors and isinstance(errors[0], UserError) else ""
    return (
        Round(
            questions=count,
            answered=len(answers),
            prompt_tokens=round(median(one.prompt_tokens for one in answers)),
            first=median(firsts),
            worst_first=max(firsts),
            each=median(_speed(one) for one in answers),
            together=sum(one.tokens for one in answers) / seconds,
            failed=failed,
        ),
        seconds,
    )


async def _ask(server: ModelServer, tokens: int) -> _Answer:
    """Ask once; what has the words of a test is told by the server's own count where it counts."""
    text = f"{TASK}\n{' '.join(random.choices(WORDS, k=PROMPT_WORDS))}"
    began, first, finish = time.monotonic(), 0.0, None
    async with aclosing(server.stream([Message("user", text)], tokens)) as pieces:
        async for piece in pieces:
            first = first or time.monotonic() - began
            if isinstance(piece, Finish):
                finish = piece
    seconds = time.monotonic() - began
    assert finish, "a stream ends with a Finish or raises"
    given = finish.input_tokens or len((await server.tokenize(text)).ids)
    return _Answer(given, finish.tokens, first, seconds)


def _speed(one: _Answer) -> float:
    """Tokens per second after the first one, which belongs to the reading of the prompt."""
    written = one.seconds - one.first
    return (
        (one.tokens - 1) / written if one.tokens > 1 and written > 0 else one.tokens / one.seconds
    )
