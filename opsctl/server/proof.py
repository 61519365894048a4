"""Proves that a server applies the adapter: no server says so, and TGI ignores an unknown name.

Why these steps: docs/tgi.md; the last one needs no special start of the server.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from assistant.prompt import build_messages
from assistant.server.errors import UnknownModel
from assistant.server.protocols.mistral import render
from assistant.server.types import Message
from core.errors import UserError
from core.settings import Settings
from core.text import counted

if TYPE_CHECKING:
    from assistant.server.types import GeneratedToken, Generation, Subject

BOGUS = "no-such-adapter"
PROMPTS = ("Что делать, если потерян паспорт?", "Как оформить отпуск за свой счёт?")
TOKENS = 8
# An adapter that was trained lightly begins as the base does: then a question in the form that is
# served and trained is answered at this length.
PASSAGE = (
    "Паспорт восстанавливают по заявлению: его подают лично в отдел по вопросам миграции вместе с"
    " двумя фотографиями и свидетельством о рождении. Новый документ выдают через пять дней."
)
LONG_TOKENS = 192
# Positions of the answer, counted from 0, at which decoding is compared with reading, and how many
# more of those where adapter and base part.
POSITIONS, MORE = (1, 2, 4, 7), 4
# Log-probabilities of 4-bit kernels differ by 0.05 to 0.1 between prefill and decode; the adapter
# moves them by about 3.
TOLERANCE = 0.15

Result = Literal["ok", "warning", "failed", "skipped"]


@dataclass(frozen=True)
class Step:
    """One step of the proof and what it showed."""

    name: str
    result: Result
    detail: str


def check_files(config: Settings) -> list[Step]:
    """The steps that need the files only: the adapter is declared, and it is what it should be."""
    from opsctl.server.adapters import check_declared, judge, places

    try:
        check_declared(config)
    except UserError as error:
        return [Step("declared", "failed", error.message)]
    folder = places(config).get(config.adapter)
    if folder is None or not folder.is_dir():
        return [Step("file", "skipped", "the adapter's files are not on this machine")]
    try:
        facts = judge(config.adapter, folder, config)
    except UserError as error:
        return [Step("file", "failed", error.message)]
    detail = f"{facts.tensors} tensors, rank {facts.rank}, alpha {facts.alpha:g}"
    return [Step("file", "ok", f"{detail}, sha256 {facts.sha256[:12]}")]


@dataclass(frozen=True)
class Comparison:
    """The same prompt answered with the adapter and by `base`, which stands for the base model."""

    step: Step
    prompt: str
    base: str
    real: "Generation"
    zero: "Generation"


async def compare(server: "Subject", adapter: str) -> Comparison:
    """Show that adapter and base model answer differently; the cheap part of the proof."""
    base = await server.base_name(adapter)
    for prompt, tokens in _probes():
        seen = await _answers(server, adapter, base, prompt, tokens)
        if seen.step.result == "ok":
            break
    return seen


async def prove(server: "Subject", adapter: str) -> AsyncIterator[Step]:
    """Yield the steps that need the running server; stops at the first that fails.

    The requests go one at a time: an idle server is what makes them comparable. A name that the
    server does not know is not sent to a busy one, where it may crash an unshimmed TGI.
    """
    queue = await server.queue()
    busy = queue.waiting + queue.running
    base = await server.base_name(adapter)
    *short, long = _probes()
    seen = [await _answers(server, adapter, base, *probe) for probe in short]
    telling = [found for found in seen if found.step.result == "ok"]
    if not telling:
        telling = [await _answers(server, adapter, base, *long)]
    yield telling[0].step
    if telling[0].step.result == "failed":
        return
    if busy:
        others = counted(busy, "other request is", "other requests are")
        detail = f"{others} running: an unknown adapter is not tried"
        yield Step("control", "skipped", detail)
    else:
        control = await _control(server, telling[0])
        yield control
        if control.result == "failed":
            return
    yield await _decoding(server, adapter, telling)


def _probes() -> list[tuple[str, int]]:
    """The prompts and the tokens of their answers, the long one last."""
    from indexer.search.searcher import Hit

    served = build_messages(PROMPTS[0], [Hit("pasport.txt", 1, None, PASSAGE, 1.0)])
    short = [(render([Message("user", question)]), TOKENS) for question in PROMPTS]
    return [*short, (render(served), LONG_TOKENS)]


async def _answers(
    server: "Subject", adapter: str, base: str, prompt: str, tokens: int
) -> Comparison:
    real = await server.generate(prompt, adapter=adapter, max_new_tokens=tokens)
    zero = await server.generate(prompt, adapter=base, max_new_tokens=tokens)
    if _differ(real.tokens, zero.tokens):
        named = f"{base}, the base model," if base else "the base model"
        detail = f"{adapter} and {named} answer differently"
        return Comparison(Step("differs", "ok", detail), prompt, base, real, zero)
    sentence = f"the server answers as the base model: {adapter} changes nothing"
    return Comparison(Step("differs", "failed", sentence), prompt, base, real, zero)


async def _control(server: "Subject", seen: Comparison) -> Step:
    """Show that comparing tells something: an unknown adapter is refused, or does not differ from
    the base."""
    length, base = max(1, len(seen.zero.tokens)), seen.base or "the base model"
    try:
        bogus = await server.generate(seen.prompt, adapter=BOGUS, max_new_tokens=length)
    except UnknownModel:
        return Step("control", "ok", "an unknown adapter is refused")
    if _differ(bogus.tokens, seen.zero.tokens):
        sentence = f"an unknown adapter answers otherwise than {base} does"
        return Step("control", "failed", f"{sentence}: comparing proves nothing on this server")
    return Step("control", "ok", f"an unknown adapter answers as {base} does")


async def _decoding(server: "Subject", adapter: str, seen: Sequence[Comparison]) -> Step:
    """Compare tokens that were decoded with the same ones when the text before them is read.

    CUDA graphs drop the adapter in decoding only, so reading is the reference. A position tells
    something where adapter and base differ, and where the server can read its own tokens back.
    """
    verdicts = [
        await _position(server, adapter, comparison, place)
        for comparison in seen
        for place in _places(comparison)
    ]
    if "dropped" in verdicts:
        sentence = f"the adapter is dropped after the first token ({verdicts.count('dropped')}"
        return Step("decoding", "failed", f"{sentence} later tokens are the base model's)")
    carried = verdicts.count("carried")
    if not carried:
        return Step("decoding", "warning", "no later token could be compared: this is not proven")
    told = counted(carried, "later token carries", "later tokens carry")
    return Step("decoding", "ok", f"{told} the adapter too")


async def _position(
    server: "Subject", adapter: str, seen: Comparison, place: int
) -> Literal["carried", "dropped", "unclear"]:
    """Whether a decoded token is the adapter's or the base's; unclear where those agree, where a
    tie was broken otherwise, or where the server cannot read the tokens before it."""
    before, decoded = seen.real.tokens[:place], seen.real.tokens[place]
    read = await server.next_token(seen.prompt, before, adapter=adapter)
    base = read and await server.next_token(seen.prompt, before, adapter=seen.base)
    if not read or not base or not _differ([read], [base]):
        return "unclear"
    if not _differ([decoded], [read]):
        return "carried"
    tie = abs(_logprob(decoded) - _logprob(read)) <= TOLERANCE
    return "unclear" if tie and _differ([decoded], [base]) else "dropped"


def _places(seen: Comparison) -> list[int]:
    """The places of decoded tokens that are looked at."""
    real, zero = seen.real.tokens, seen.zero.tokens
    later = range(1, len(real))
    parted = [n for n in later if _differ(real[n : n + 1], zero[n : n + 1])]
    return [n for n in later if n in (*POSITIONS, *parted[:MORE])]


def _differ(one: "Sequence[GeneratedToken]", other: "Sequence[GeneratedToken]") -> bool:
    """Tell whether two answers differ in their tokens or by more than the noise of kernels."""
    if len(one) != len(other):
        return True
    pairs = zip(one, other, strict=True)
    return any(a.id != b.id or abs(_logprob(a) - _logprob(b)) > TOLERANCE for a, b in pairs)


def _logprob(token: "GeneratedToken") -> float:
    return 0.0 if token.logprob is None else token.logprob
