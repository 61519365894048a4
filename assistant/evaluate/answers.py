"""Judge answers by their text, as people get it from the quotations or from the model."""

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from assistant.evaluate.questions import Expected, Question
from assistant.server.errors import GenerationFailed, Incomplete, TooLong
from core.errors import UsageError

if TYPE_CHECKING:
    from assistant.engines import Engine
    from assistant.events import Done, Turn
    from core.settings import Settings
    from indexer.search.searcher import Searcher

Verdict = Literal["wrong", "partly", "refused", "hinted", "right"]
WORST_FIRST: tuple[Verdict, ...] = ("wrong", "partly", "refused", "hinted")
# The fault of one question, at which the others are asked all the same.
OF_ONE_QUESTION = (UsageError, TooLong, Incomplete, GenerationFailed)


@dataclass(frozen=True)
class Judged:
    """An answer, in one line, and what it is worth; "hinted": not sure, but it is what is shown.

    `unsupported` are its sentences that no passage supports, where a model wrote it.
    """

    question: Question
    verdict: Verdict
    said: str
    engine: str
    unsupported: tuple[str, ...]


@dataclass(frozen=True)
class Tally:
    """How many answers are worth what; where there is no answer, to give one is wrong."""

    questions: int
    right: int
    partly: int
    wrong: int
    refused: int
    hinted: int


@dataclass(frozen=True)
class Written:
    """How many answers a model wrote, and its sentences that no passage supports, in how many."""

    answers: int
    unsupported_sentences: int
    unsupported_answers: int


@dataclass(frozen=True)
class Answers:
    """The answerable questions in all, by kind and by document; and those without an answer.

    `by_model` counts among both what a model wrote; None where none did.
    """

    all: Tally
    unanswerable: Tally
    by_kind: dict[str, Tally]
    by_document: dict[str, Tally]
    by_model: Written | None


def judge(
    questions: Sequence[Question],
    searcher: "Searcher",
    top_k: int,
    contact: str,
    progress: Callable[[int, int], None],
    model: "Settings | None" = None,
) -> list[Judged]:
    """Let each question be answered that has an answer or none; `progress` is told done and all.

    Nothing is judged where no question has an answer. `model`: see `reply`.
    """
    if all(each.answer is None for each in questions):
        return []
    mine = [each for each in questions if each.answer is not None or not each.is_answerable]
    judged = list[Judged]()
    for done in reply([each.text for each in mine], searcher, top_k, contact, model):
        question, said = mine[len(judged)], folded(done.text)
        verdict = _verdict(question, done.found, said)
        judged.append(Judged(question, verdict, said, done.engine, done.unsupported))
        progress(len(judged), len(mine))
    return judged


def reply(
    questions: Iterable[str],
    searcher: "Searcher",
    top_k: int,
    contact: str = "",
    model: "Settings | None" = None,
) -> "Iterator[Done]":
    """What people are told, question by question: without a model, or by the engine of settings."""
    from assistant.engines import ExtractiveEngine, open_engine
    from assistant.events import Done

    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        engine: Engine = ExtractiveEngine()
        if model:
            engine = runner.run(stack.enter_async_context(open_engine(model)))
        try:
            for question in questions:
                try:
                    yield runner.run(_whole(question, (), searcher, engine, top_k, contact))
                except OF_ONE_QUESTION as error:
                    yield Done(error.message, "none", found=False)
        finally:
            runner.run(stack.aclose())


async def by_quoting(
    question: str, history: "Sequence[Turn]", searcher: "Searcher", top_k: int, contact: str = ""
) -> "Done":
    """The whole answer that is made of quotations."""
    from assistant.engines import ExtractiveEngine

    return await _whole(question, history, searcher, ExtractiveEngine(), top_k, contact)


async def _whole(
    question: str,
    history: "Sequence[Turn]",
    searcher: "Searcher",
    engine: "Engine",
    top_k: int,
    contact: str,
) -> "Done":
    from assistant.answer import answer
    from assistant.events import Done

    events = answer(
        question,
        history,
        searcher=searcher,
        engine=engine,
        top_k=top_k,
        contact=contact,
    )
    return [event async for event in events if isinstance(event, Done)][-1]


def summed_up(judged: Sequence[Judged]) -> Answers:
    """Count the verdicts."""
    known = [each for each in judged if each.question.is_answerable]
    unknown = [each for each in judged if not each.question.is_answerable]
    kinds = dict.fromkeys(each.question.kind for each in known)
    files = dict.fromkeys(each.question.file for each in known)
    return Answers(
        _tally(known),
        _tally(unknown),
        {kind: _tally([o for o in known if o.question.kind == kind]) for kind in kinds if kind},
        {file: _tally([o for o in known if o.question.file == file]) for file in files if file},
        _written([each for each in judged if each.engine == "server"]),
    )


def _written(judged: Sequence[Judged]) -> Written | None:
    if not judged:
        return None
    sentences = [len(each.unsupported) for each in judged]
    return Written(len(judged), sum(sentences), sum(map(bool, sentences)))


def misses(judged: Sequence[Judged]) -> list[Judged]:
    """What went wrong, the worst first."""
    missed = [
        each
        for each in judged
        if each.verdict != ("right" if each.question.is_answerable else "refused")
    ]
    return sorted(missed, key=lambda each: WORST_FIRST.index(each.verdict))


def folded(text: str) -> str:
    """The text in one line."""
    return " ".join(text.split())


def _verdict(question: Question, found: bool, said: str) -> Verdict:
    if question.answer is None:
        return "wrong" if found else "refused"
    share = _share(question.answer, said)
    if found:
        return "right" if share == 1 else "partly" if share else "wrong"
    return "hinted" if share == 1 else "refused"


def _share(expected: Expected, said: str) -> float:
    """How much of what is expected is said, from 0 to 1."""
    match expected:
        case {"pattern": pattern}:
            return float(re.search(pattern, said) is not None)
        case {"all": parts}:
            return sum(_says(said, part) for part in parts) / len(parts)
        case str(text):
            return float(_says(said, text))
        case several:
            return float(any(_says(said, str(text)) for text in several))


def _says(said: str, text: str) -> bool:
    """Tell whether a text is said, in whatever case; "10" is not in "100"."""
    wanted = folded(text).casefold()
    before, after = r"(?<!\d)" * wanted[0].isdigit(), r"(?!\d)" * wanted[-1].isdigit()
    return re.search(before + re.escape(wanted) + after, said.casefold()) is not None


def _tally(judged: Sequence[Judged]) -> Tally:
    verdicts = [each.verdict for each in judged]
    return Tally(
        len(verdicts),
        *(verdicts.count(name) for name in ("right", "partly", "wrong", "refused", "hinted")),
    )
