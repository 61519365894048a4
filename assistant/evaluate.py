"""Measure retrieval on a set of questions: hit@k, MRR@10, refusals, and the best threshold."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.question.clean import cleaned
from assistant.question.split import essence
from indexer.errors import UsageError

if TYPE_CHECKING:
    from assistant.quote import Choice
    from indexer.search import Hit, Searcher

DEPTH = 10
TOP_K = 5  # passages that an answer is chosen from
# Of the answerable questions, the share that a calibrated threshold may refuse.
LOSS = 0.02
_FORMAT = 'lines of {"question": "…", "file": "path in documents/ or null", "page": number}'


@dataclass(frozen=True)
class Question:
    """A question and the document (and page) that answers it; `file` is None when none does."""

    text: str
    file: str | None
    page: int | None


@dataclass(frozen=True)
class Outcome:
    """Where a question's document came among the files found (from 1; 0: not at all)."""

    question: Question
    rank: int
    page_right: bool
    confidence: float
    refused: bool
    first: str | None


@dataclass(frozen=True)
class Scores:
    """Shares from 0 to 1; None where the set has no question of that kind.

    hit@k, MRR@10 and page@1 are of the ranking, over the answerable questions, refused or not.
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


def read_questions(path: Path) -> list[Question]:
    """Read a JSON Lines file; raise UsageError that names the line that is wrong."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}", f"it should hold {_FORMAT}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read ({error})", f"it should hold {_FORMAT}") from error
    questions = [
        _question(path, number, line) for number, line in enumerate(lines, start=1) if line.strip()
    ]
    if not questions:
        raise UsageError(f"{path} has no questions", f"it should hold {_FORMAT}")
    return questions


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
    known = [outcome for outcome in outcomes if outcome.question.file is not None]
    unknown = [outcome for outcome in outcomes if outcome.question.file is None]
    paged = [outcome for outcome in known if outcome.question.page is not None]
    return Scores(
        answerable=len(known),
        unanswerable=len(unknown),
        hit_at_1=_share([0 < outcome.rank <= 1 for outcome in known]),
        hit_at_3=_share([0 < outcome.rank <= 3 for outcome in known]),
        hit_at_5=_share([0 < outcome.rank <= 5 for outcome in known]),
        mrr_at_10=_mean([1 / o.rank if 0 < o.rank <= DEPTH else 0.0 for o in known]),
        page_at_1=_share([outcome.page_right for outcome in paged]),
        refused_answerable=_share([outcome.refused for outcome in known]),
        refused_unanswerable=_share([outcome.refused for outcome in unknown]),
        threshold=threshold,
        suggested_threshold=_suggest([outcome.confidence for outcome in known]),
    )


def _question(path: Path, number: int, line: str) -> Question:
    try:
        row = json.loads(line)
        text, file, page = row["question"], row["file"], row.get("page")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UsageError(f"{path}, line {number} is wrong", f"it should hold {_FORMAT}") from None
    paged = page is None or (isinstance(page, int) and not isinstance(page, bool) and page > 0)
    if (
        not isinstance(text, str)
        or not text.strip()
        or not isinstance(file, str | None)
        or not paged
    ):
        raise UsageError(f"{path}, line {number} is wrong", f"it should hold {_FORMAT}")
    return Question(text, file, page)


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
