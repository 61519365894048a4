"""opsctl eval: measure the search on questions whose answers are known."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant import settings
from indexer.errors import UsageError
from indexer.text import counted, printable
from opsctl import output
from opsctl.options import Json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.evaluate import Outcome, Scores


def evaluate(
    questions: Annotated[
        Path,
        typer.Argument(
            help='Lines of {"question", "file", optional "page"}; file null: no answer.'
        ),
    ],
    misses: Annotated[
        bool, typer.Option("--misses", help="List the questions that went wrong.")
    ] = False,
    save_threshold: Annotated[
        bool, typer.Option("--save-threshold", help="Use the suggested threshold from now on.")
    ] = False,
    json: Json = False,
) -> None:
    """Measure the search: hit@1/3/5, MRR@10 by file, and how often it rightly finds nothing."""
    from assistant.evaluate import read_questions, run, score
    from assistant.retrieve import make_searcher

    config = settings.load()
    asked = read_questions(questions)
    searcher = make_searcher(config)
    with output.progress_bar("asking") as advance:
        outcomes = run(asked, searcher, lambda done: advance(done, len(asked), ""))
    absent = {question.file for question in asked if question.file} - searcher.files()
    if absent:
        named = counted(len(absent), "file that questions name is", "files that questions name are")
        output.note(f"{named} not in the index: {min(absent)}")
    scores = score(outcomes, searcher.threshold())
    if save_threshold:
        if scores.suggested_threshold is None:
            raise UsageError("a threshold needs answerable questions", "add lines with a file")
        searcher.save_threshold(scores.suggested_threshold)
        output.note(f"saved: nothing is found below {scores.suggested_threshold:.3f}")
    wrong = [outcome for outcome in outcomes if _is_wrong(outcome)] if misses else []
    if json:
        output.write_json({**asdict(scores), "misses": [asdict(outcome) for outcome in wrong]})
    else:
        _show(scores, wrong)


def _is_wrong(outcome: "Outcome") -> bool:
    if outcome.question.file is None:
        return not outcome.refused
    return outcome.rank != 1 or outcome.refused


def _show(scores: "Scores", wrong: "Sequence[Outcome]") -> None:
    rows: list[tuple[str, str]] = [("measure", "value")]
    labels = {
        "answerable": "answerable questions",
        "hit_at_1": "hit@1",
        "hit_at_3": "hit@3",
        "hit_at_5": "hit@5",
        "mrr_at_10": "MRR@10",
        "page_at_1": "right page, of the first hit",
        "refused_answerable": "refused though answerable",
        "unanswerable": "questions without an answer",
        "refused_unanswerable": "refused, rightly",
        "threshold": "threshold",
        "suggested_threshold": "suggested threshold",
    }
    for name, label in labels.items():
        value = getattr(scores, name)
        if value is not None:
            rows.append((label, str(value) if isinstance(value, int) else f"{value:.3f}"))
    output.write_table(rows)
    for outcome in wrong:
        expected, first = outcome.question.file or "nothing", printable(str(outcome.first))
        output.write(
            f"{outcome.question.text}\n   expected {expected}, found {first}"
            f" (rank {outcome.rank}, confidence {outcome.confidence:.2f})"
        )
