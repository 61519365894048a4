"""Judge answers by their text, as people get it from the quotations."""

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from assistant.evaluate.questions import Expected, Question
from core.errors import UsageError

if TYPE_CHECKING:
    from assistant.events import Done, Turn
    from indexer.search.searcher import Searcher

Verdict = Literal["wrong", "partly", "refused", "hinted", "right"]
WORST_FIRST: tuple[Verdict, ...] = ("wrong", "partly", "refused", "hinted")


@dataclass(frozen=True)
class Judged:
    """An answer, in one line, and what it is worth; "hinted": not sure, but it is what is shown."""

    question: Question
    verdict: Verdict
    said: str


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
class Answers:
    """The answerable questions in all, by kind and by document; and those without an answer."""

    all: Tally
    unanswerable: Tally
    by_kind: dict[str, Tally]
    by_document: dict[str, Tally]


def judge(
    questions: Sequence[Question],
    searcher: "Searcher",
    top_k: int,
    contact: str,
    progress: Callable[[int, int], None],
) -> list[Judged]:
    """Let each question be answered that has an answer or none; `progress` is told done and all.

    Nothing is judged where no question has an answer.
    """
    if all(each.answer is None for each in questions):
        return []
    mine = [each for each in questions if each.answer is not None or not each.is_answerable]
    judged = list[Judged]()
    for done in reply([each.text for each in mine], searcher, top_k, contact):
        question, said = mine[len(judged)], folded(done.text)
        judged.append(Judged(question, _verdict(question, done.found, said), said))
        progress(len(judged), len(mine))
    return judged


def reply(
    questions: Iterable[str], searcher: "Searcher", top_k: int, contact: str = ""
) -> "Iterator[Done]":
    """What people are told without a model, question by question."""
    from assistant.events import Done

    with asyncio.Runner() as runner:
        for question in questions:
            try:
                yield runner.run(by_quoting(question, (), searcher, top_k, contact))
            except UsageError as error:
                yield Done(error.message, "none", found=False)


async def by_quoting(
    question: str, history: "Sequence[Turn]", searcher: "Searcher", top_k: int, contact: str = ""
) -> "Done":
    """The whole answer that is made of quotations."""
    from assistant.answer import answer
    from assistant.engines import ExtractiveEngine
    from assistant.events import Done

    events = answer(
        question,
        history,
        searcher=searcher,
        engine=ExtractiveEngine(),
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
    )


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
