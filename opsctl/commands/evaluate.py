"""opsctl eval: measure the search, and what is said, on questions whose answers are known."""

from dataclasses import asdict, astuple, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core import settings
from core.errors import UsageError
from core.settings import Settings
from core.text import counted, printable
from opsctl.terminal import output
from opsctl.terminal.options import Json
from opsctl.terminal.sources import tell_words_alone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.evaluate import Outcome, Scores
    from assistant.evaluate.answers import Answers, Judged
    from assistant.evaluate.questions import Expected, Question
    from indexer.search.searcher import Searcher

SHOWN = 300  # characters of an answer that went wrong


def evaluate(
    questions: Annotated[
        Path,
        typer.Argument(
            help='Lines of {"question", "file", "page", "answer", "kind"}; file null: no answer.'
        ),
    ],
    misses: Annotated[
        bool, typer.Option("--misses", help="List the questions that went wrong.")
    ] = False,
    save_threshold: Annotated[
        bool, typer.Option("--save-threshold", help="Use the suggested threshold from now on.")
    ] = False,
    engine: Annotated[
        str,
        typer.Option("--engine", help="Who writes the answers: extractive, auto or server."),
    ] = "extractive",
    json: Json = False,
) -> None:
    """Measure the search by file, how often it rightly finds nothing, and what answers say."""
    from assistant.evaluate import answers, score
    from assistant.evaluate.questions import read_questions
    from assistant.retrieve import make_searcher

    config = settings.load(engine=engine)
    asked = read_questions(questions)
    searcher = make_searcher(config, tell_words_alone)
    outcomes = _search(asked, searcher)
    judged = _answer(asked, searcher, config)
    _tell_absent(asked, searcher)
    scores = score(outcomes, searcher.threshold())
    if save_threshold:
        _save_threshold(searcher, scores.suggested_threshold)
    summed_up = answers.summed_up(judged) if judged else None
    wrong = [outcome for outcome in outcomes if misses and outcome.is_wrong]
    missed = answers.misses(judged) if misses else []
    if json:
        output.write_json(_as_json(scores, wrong, summed_up, missed))
        return
    _show_scores(scores)
    if summed_up:
        _show_answers(summed_up)
    for outcome in wrong:
        _show_wrong(outcome)
    for each in missed:
        _show_missed(each)


def _search(asked: "Sequence[Question]", searcher: "Searcher") -> "list[Outcome]":
    from assistant.evaluate import run

    with output.progress_bar("asking") as advance:
        return run(asked, searcher, lambda done: advance(done, len(asked), ""))


def _answer(asked: "Sequence[Question]", searcher: "Searcher", config: Settings) -> "list[Judged]":
    from assistant.evaluate.answers import judge

    model = None if config.engine == "extractive" else config
    with output.progress_bar("answering") as advance:
        return judge(
            asked,
            searcher,
            config.top_k,
            config.contact,
            lambda done, total: advance(done, total, ""),
            model,
        )


def _tell_absent(asked: "Sequence[Question]", searcher: "Searcher") -> None:
    absent = {question.file for question in asked if question.file} - searcher.files()
    if absent:
        named = counted(len(absent), "file that questions name is", "files that questions name are")
        output.note(f"{named} not in the index: {min(absent)}")


def _save_threshold(searcher: "Searcher", suggested: float | None) -> None:
    if suggested is None:
        raise UsageError("a threshold needs answerable questions", "add lines with a file")
    searcher.save_threshold(suggested)
    output.note(f"saved: nothing is found below {suggested:.3f}")


def _as_json(
    scores: "Scores",
    wrong: "Sequence[Outcome]",
    answers: "Answers | None",
    missed: "Sequence[Judged]",
) -> dict[str, object]:
    said = {**asdict(answers), "misses": list(map(asdict, missed))} if answers else None
    return {**asdict(scores), "misses": list(map(asdict, wrong)), "answers": said}


def _show_scores(scores: "Scores") -> None:
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


def _show_answers(answers: "Answers") -> None:
    from assistant.evaluate.answers import Tally

    rows = {"all": answers.all, **{f"kind {kind}": of for kind, of in answers.by_kind.items()}}
    rows |= {f"in {file}": tally for file, tally in answers.by_document.items()}
    if answers.unanswerable.questions:
        rows["without an answer"] = answers.unanswerable
    output.write("")
    head = ("answers", *(field.name for field in fields(Tally)))
    output.write_table([head, *((label, *astuple(tally)) for label, tally in rows.items())])
    if told := answers.by_model:
        sentences = counted(told.unsupported_sentences, "sentence")
        output.write(
            f"by the model: {counted(told.answers, 'answer')}; no passage supports {sentences}"
            f" in {told.unsupported_answers} of them"
        )


def _show_wrong(outcome: "Outcome") -> None:
    expected, first = outcome.question.file or "nothing", printable(str(outcome.first))
    output.write(
        f"{outcome.question.text}\n   expected {expected}, found {first}"
        f" (rank {outcome.rank}, confidence {outcome.confidence:.2f})"
    )


def _show_missed(judged: "Judged") -> None:
    said = judged.said if len(judged.said) <= SHOWN else f"{judged.said[:SHOWN]}…"
    output.write(
        f"{judged.question.text}\n   {judged.verdict}, expected {_wanted(judged.question.answer)};"
        f" said: {printable(said)}"
    )


def _wanted(expected: "Expected | None") -> str:
    match expected:
        case None:
            return "nothing"
        case str(text):
            return text
        case {"pattern": pattern}:
            return str(pattern)
        case {"all": parts}:
            return " and ".join(parts)
        case several:
            return " or ".join(several)
