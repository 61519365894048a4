"""opsctl train run: QLoRA on the prepared rows, up to an adapter that the model server takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core import settings
from core.errors import UsageError, UserError
from core.files import private_folder
from core.lock import writer_lock
from core.settings import Settings
from opsctl.hub import catalog
from opsctl.server.adapters import place_of
from opsctl.terminal import output
from opsctl.train.estimate import show_estimate
from opsctl.train.run import carry_out

if TYPE_CHECKING:
    from training.run.runs import Run

EPOCHS = (
    "How often each row is learned. 3, with early stopping: the original's 60 would be six days on"
    " an A100."
)


def run(
    name: Annotated[str, typer.Option(help="The run's name, and the adapter's.")] = "yandexq",
    data: Annotated[
        Path | None, typer.Option(help="The prepared rows.", show_default="STATE/training/data")
    ] = None,
    base: Annotated[
        str, typer.Option(help="gptq; nf4 (bitsandbytes) or fp16 of a model that is not quantised.")
    ] = "gptq",
    model: Annotated[
        Path | None, typer.Option(help="The model's folder.", show_default="the downloaded one")
    ] = None,
    epochs: Annotated[int, typer.Option(help=EPOCHS)] = 3,
    rank: Annotated[int, typer.Option(help="The rank of the adapter.")] = 8,
    alpha: Annotated[int, typer.Option(help="Its scale is alpha / rank.")] = 32,
    dropout: Annotated[float, typer.Option(help="Of the adapter's inputs.")] = 0.05,
    lr: Annotated[float, typer.Option(help="The learning rate.")] = 5e-5,
    batch: Annotated[int, typer.Option(help="Rows on the device at a time.")] = 8,
    accumulate: Annotated[int, typer.Option(help="Batches to a step.")] = 4,
    length: Annotated[int, typer.Option(help="Most tokens of a row.")] = 2048,
    save_steps: Annotated[
        int | None,
        typer.Option(help="Steps between evaluations, each saved.", show_default="ten an epoch"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the order, the adapter and the dropout.")] = 0,
    limit: Annotated[
        int | None, typer.Option(help="Take only the first rows.", show_default="all")
    ] = None,
    patience: Annotated[
        int, typer.Option(help="Stop after this many evaluations without a gain; 0: never.")
    ] = 5,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    again: Annotated[
        bool, typer.Option("--start-over", help="Forget an earlier run of this name.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask, however long it takes.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Stop after the estimate; write nothing.")
    ] = False,
) -> None:
    """Train an adapter, or continue training it.

    The same command continues where it was interrupted.
    """
    from core import extras
    from training.run.runs import Run, run_folder

    config = settings.load()
    job = Run(run_folder(config.state, name))
    _check_target(job, config)
    extras.check("train")
    if base == "nf4":
        extras.check("train", "bitsandbytes")
    from training.model.base import choose_device  # reads torch, which takes seconds
    from training.run.options import Options
    from training.run.plan import make_plan

    options = Options(
        base, epochs, rank, alpha, dropout, lr, batch, accumulate, length, save_steps, seed, limit,
        patience, choose_device(device),
    )  # fmt: skip
    rows = data or config.state / "training" / "data"
    folder = _model(model, base, config)
    output.note("reading the rows and the files of the base")
    if dry_run:
        show_estimate(make_plan(job, options, rows, folder, again))
        return
    with _alone(job):
        plan = make_plan(job, options, rows, folder, again)
        carry_out(plan, config, yes, again)


def _model(model: Path | None, base: str, config: Settings) -> Path:
    """The folder of the base; only GPTQ is downloaded by opsctl."""
    if model:
        return model
    if base != "gptq":
        raise UsageError(f"--base {base} needs the folder of a model", "--model FOLDER")
    return catalog.chosen(["model"])[0].folder(config.state)


@contextmanager
def _alone(job: "Run") -> Iterator[None]:
    private_folder(job.lock.parent)
    sentence = f"the run {job.name} is in progress: {{holder}}"
    with writer_lock(job.lock, sentence, "wait for it to end, or choose another --name"):
        yield


def _check_target(job: "Run", config: Settings) -> None:
    """Raise UserError when the adapter's name is that of another one."""
    target = config.adapters / job.name
    if target.exists() and not job.settings.is_file():
        raise UserError(f"{target} exists already, and is not from this run", "another --name")
    if (declared := place_of(job.name, config)) != target:
        raise UserError(
            f"{job.name} is declared in {config.tgi_env} for another adapter, {declared}",
            "another --name",
        )
