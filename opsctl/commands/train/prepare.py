"""opsctl train prepare: from a data set to the rows that an adapter is trained on."""

from pathlib import Path
from typing import Annotated, Any

import typer

from core import settings
from core.errors import UsageError
from core.settings import Settings
from core.text import counted, printable
from opsctl.terminal import output
from opsctl.terminal.options import Json
from opsctl.train.rows import check_target, write_rows


def prepare(
    source: Annotated[
        Path | None,
        typer.Argument(
            help="JSON lines (.gz too) or Parquet with question, description and answer, or a"
            " folder of them; its5Q/yandex-q from the Hub when left out.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="The folder to write; STATE/training/data when left out."),
    ] = None,
    min_answer: Annotated[int, typer.Option(help="Fewest characters of an answer.", min=1)] = 400,
    max_answer: Annotated[int, typer.Option(help="Most characters of an answer.", min=1)] = 1600,
    min_description: Annotated[
        int,
        typer.Option(help="Fewest characters of a description; 0 keeps rows without one.", min=0),
    ] = 101,
    bad_words: Annotated[
        Path | None, typer.Option(help="A list in place of training/words/bad_words.txt.")
    ] = None,
    controversial: Annotated[
        Path | None, typer.Option(help="A list in place of training/words/controversial.txt.")
    ] = None,
    eval_share: Annotated[
        float, typer.Option(help="The share of the questions to hold out.", min=0, max=0.9)
    ] = 0.1,
    seed: Annotated[int, typer.Option(help="Which questions are held out.")] = 0,
    limit: Annotated[
        int, typer.Option(help="Stop after this many kept rows; 0: never.", min=0)
    ] = 0,
    json: Json = False,
) -> None:
    """Filter a data set and hold out questions.

    Rows that repeat are dropped. The same input gives the same bytes.
    """
    from training.data.rules import BAD_WORDS, CONTROVERSIAL, Options

    if min_answer > max_answer:
        raise UsageError(
            f"--min-answer {min_answer} is above --max-answer {max_answer}",
            "leave both out for 400 and 1600",
        )
    config = settings.load()
    options = Options(
        min_answer, max_answer, min_description, bad_words or BAD_WORDS,
        controversial or CONTROVERSIAL, eval_share, seed, limit,
    )  # fmt: skip
    folder = (out or config.state / "training" / "data").resolve()
    check_target(folder)
    path, origin = (source, {}) if source else _fetch(config)
    report = write_rows(path, origin, folder, options)
    if json:
        output.write_json({"folder": str(folder), **report})
    else:
        _show(report, folder)


def _fetch(config: Settings) -> tuple[Path, dict[str, str]]:
    """The data set of the Hub: its folder, and where it is from."""
    from opsctl.hub.dataset import ASSUMED, bring_dataset

    folder, entry = bring_dataset(config)
    return folder, {"repo": entry.repo, "commit": entry.commit, "assumed": ASSUMED}


def _show(report: dict[str, Any], folder: Path) -> None:
    rows: list[tuple[object, ...]] = [("rule", "removed", "changed", "most often")]
    for rule in report["rules"]:
        often = ", ".join(f"{why} ({count})" for why, count in list(rule["reasons"].items())[:3])
        rows.append((rule["rule"], rule["removed"], rule["changed"], often))
    output.write_table(rows)
    output.write("")
    table: list[tuple[object, ...]] = [("", "rows", "questions", "answer", "description")]
    for name in ("train", "eval"):
        half = report[name]
        size = half["average_characters"]
        table.append((name, half["rows"], half["questions"], size["answer"], size["description"]))
    output.write_table(table)
    output.write(
        f"\nkept {report['kept']} of {counted(report['rows'], 'row')}: {printable(str(folder))}"
    )
    for file in report["source"]["passed_over"]:
        output.note(f"skipped, since it lacks the columns: {printable(file)}")
    if not report["eval"]["rows"] or not report["train"]["rows"]:
        output.note("one of the halves is empty: give more rows, or another --eval-share")
