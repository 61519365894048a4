"""Measure retrieval on a set of questions: hit@k, MRR@10, refusals, and the best threshold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assistant.evaluate.questions import Question
from assistant.question.clean import cleaned
from assistant.question.split import essence

if TYPE_CHECKING:
    from assistant.quote import Choice
    from indexer.search.searcher import Hit, Searcher

DEPTH = 10
TOP_K = 5  # passages that an answer is chosen from
# Of the answerable questions, the share that a calibrated threshold may refuse.
LOSS = 0.02


@dataclass(frozen=True)
class Outcome:
    """Where a question's document came among the files found (from 1; 0: not at all)."""

    question: Question
    rank: int
    page_right: bool
    confidence: float
    refused: bool
    first: str | None

    @property
    def is_wrong(self) -> bool:
        """Whether another document came first, or nothing; or something where nothing answers."""
        if not self.question.is_answerable:
            return not self.refused
        return self.question.file is not None and (self.rank != 1 or self.refused)


@dataclass(frozen=True)
class Scores:
    """Shares from 0 to 1; None where the set has no question of that kind.

    hit@k, MRR@10 and page@1 are of the ranking, over the questions with a file, refused or not.
    """

    answerable: int
    unanswerable: int
    hit_at_1: float | None
    hit_at_3: float | None
    hit_at_5: float | None
    mrr_at_10: float | None
    page_at_1: float | None
    refused_answerable: float | None
    refused_unanswerable: float | None
    threshold: float
    suggested_threshold: float | None


def run(
    questions: Sequence[Question], searcher: "Searcher", progress: Callable[[int], None]
) -> list[Outcome]:
    """Ask every question of the index."""
    from assistant.quote import choose

    outcomes = []
    for number, question in enumerate(questions, start=1):
        text = essence(cleaned(question.text))
        found = searcher.search(text, DEPTH * 5)
        choice = choose(text, replace(found, hits=found.hits[:TOP_K]))
        outcomes.append(_outcome(question, choice, found.hits))
        progress(number)
    return outcomes


def score(outcomes: Sequence[Outcome], threshold: float) -> Scores:
    """Sum the outcomes up."""
    known = [outcome for outcome in outcomes if outcome.question.is_answerable]
    unknown = [outcome for outcome in outcomes if not outcome.question.is_answerable]
    filed = [outcome for outcome in known if outcome.question.file is not None]
    paged = [outcome for outcome in filed if outcome.question.page is not None]
    return Scores(
        answerable=len(known),
        unanswerable=len(unknown),
        hit_at_1=_share([0 < outcome.rank <= 1 for outcome in filed]),
        hit_at_3=_share([0 < outcome.rank <= 3 for outcome in filed]),
        hit_at_5=_share([0 < outcome.rank <= 5 for outcome in filed]),
        mrr_at_10=_mean([1 / o.rank if 0 < o.rank <= DEPTH else 0.0 for o in filed]),
        page_at_1=_share([outcome.page_right for outcome in paged]),
        refused_answerable=_share([outcome.refused for outcome in known]),
        refused_unanswerable=_share([outcome.refused for outcome in unknown]),
        threshold=threshold,
        suggested_threshold=_suggest([outcome.confidence for outcome in known]),
    )


def _outcome(question: Question, choice: "Choice", hits: "Sequence[Hit]") -> Outcome:
    files = list(dict.fromkeys(hit.file for hit in hits))
    rank = files.index(question.file) + 1 if question.file in files else 0
    first = hits[0] if hits else None
    page_right = bool(first and rank == 1 and first.page == question.page)
    return Outcome(
        question,
        rank,
        page_right,
        choice.certainty,
        not choice.is_sure,
        first.file if first else None,
    )


def _share(flags: Sequence[bool]) -> float | None:
    return _mean([float(flag) for flag in flags])


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _suggest(confidences: Sequence[float]) -> float | None:
    """The highest threshold that refuses no more than LOSS of the answerable questions."""
    if not confidences:
        return None
    return max(0.0, round(sorted(confidences)[int(len(confidences) * LOSS)] - 0.0005, 3))
