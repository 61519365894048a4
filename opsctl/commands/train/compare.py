"""opsctl train compare: the base model against the adapter, on questions that were held out."""

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core import settings
from core.text import counted, printable
from opsctl.terminal import output
from opsctl.terminal.options import Json

if TYPE_CHECKING:
    from training.compare import Comparison
    from training.data.rows import Row

EXCERPT = 400  # characters of an answer that are shown
ROWS = (  # what is told of each side, and how it is written
    ("loss per token", "loss", "{:.3f}"),
    ("perplexity", "perplexity", "{:.2f}"),
    ("tokens in an answer", "answer_tokens", "{:.0f}"),
    ("characters in an answer", "answer_characters", "{:.0f}"),
    ("language of the question", "same_language", "{:.0%}"),
    ("ends by itself", "stopped", "{:.0%}"),
)


def compare(
    name: Annotated[str, typer.Argument(help="The run.")] = "yandexq",
    rows: Annotated[int, typer.Option("--rows", min=1, help="Held-out questions to ask.")] = 50,
    tokens: Annotated[
        int, typer.Option("--tokens", min=1, help="The most tokens of an answer.")
    ] = 256,
    batch: Annotated[int, typer.Option("--batch", min=1, help="Questions asked at a time.")] = 8,
    model: Annotated[
        Path | None,
        typer.Option("--model", help="The base's folder.", show_default="where it was in the run"),
    ] = None,
    device: Annotated[str, typer.Option("--device", help="auto, cpu or cuda.")] = "auto",
    json: Json = False,
) -> None:
    """Compare base and adapter on held-out rows.

    By the loss, and by the length, the language and the end of the answers; some are shown.
    """
    from core import extras
    from training.run.results import held_out_rows, own_adapter
    from training.run.runs import Run, run_folder, write_json

    extras.check("train")
    config = settings.load()
    run = Run(run_folder(config.state, name))
    manifest = run.read_manifest()
    adapter = own_adapter(run, manifest, config.adapters / name)
    questions, unseen = held_out_rows(manifest, rows)
    asked = manifest["settings"]
    folder = model or Path(asked["model"])
    found = _compare(asked, folder, adapter, questions, tokens, batch, device)
    about = {"run": name, "adapter_sha256": manifest["adapter_sha256"], "unseen": unseen}
    result = {**about, **asdict(found)}
    write_json(run.comparison, result)
    if json:
        output.write_json(result)
        return
    _show(found)
    if not unseen:
        output.note("too few held-out rows: some of these chose the checkpoint, which flatters it")
    output.note(f"written: {run.comparison}")


def _compare(
    asked: dict[str, Any],
    folder: Path,
    adapter: Path,
    questions: "list[Row]",
    tokens: int,
    batch: int,
    device: str,
) -> "Comparison":
    from training.compare import compare, load
    from training.model.base import choose_device

    place = choose_device(device)
    output.note(f"loading {folder} on {place}")
    model, tokenizer = load(folder, asked["base"], adapter, place)
    with output.progress_bar("comparing") as advance:
        told = _telling_time(advance)
        return compare(model, tokenizer, questions, asked["length"], tokens, batch, told)


def _telling_time(advance: Callable[[int, int, str], None]) -> Callable[[int, int], None]:
    """Progress that says after the first batch, the slowest, how long all of them may take."""
    began = time.monotonic()
    first = True

    def progress(done: int, total: int) -> None:
        nonlocal first
        if first and done < total:
            left = (time.monotonic() - began) / done * (total - done)
            output.note(f"at most {left / 60:.0f} min to go" if left >= 60 else "a minute at most")
        first = False
        advance(done, total, "")

    return progress


def _show(found: "Comparison") -> None:
    sides = {"base": found.base, "adapter": found.adapter, "held out": found.reference}
    table = [["", *sides]]
    for title, key, form in ROWS:
        values = [getattr(side, key) for side in sides.values()]
        table.append([title, *("-" if value is None else form.format(value) for value in values)])
    output.write_table(table)
    output.write(
        f"\n{counted(found.rows, 'question')}; {found.identical:.0%} of the answers are the same"
    )
    if found.left_out:
        more = counted(found.left_out, "more does", "more do")
        output.write(f"{more} not fit into the length of the training")
    for example in found.examples:
        output.write(f"\n? {_excerpt(example.question)}")
        for title, text in (("base", example.base), ("adapter", example.adapter)):
            output.write(f"{title:8} {_excerpt(text)}")


def _excerpt(text: str) -> str:
    line = printable(" ".join(text.split()))
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1] + "…"
