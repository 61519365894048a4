"""opsctl train run: QLoRA on the prepared rows, up to an adapter that the model server takes."""

import shutil
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
from opsctl.commands.train.run_estimate import confirm, show_estimate
from opsctl.commands.train.run_progress import teller
from opsctl.hub import adapter, catalog
from opsctl.hub.folders import free_bytes, put_in_place
from opsctl.server.folders import on_this_machine
from opsctl.terminal import output

if TYPE_CHECKING:
    from training.run.plan import Plan
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
    anew: Annotated[
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
        show_estimate(make_plan(job, options, rows, folder, anew))
        return
    with _alone(job):
        plan = make_plan(job, options, rows, folder, anew)
        _run(plan, config, yes, anew)


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
    inside = config.server_file.adapters.get(job.name)
    if inside and on_this_machine(inside, config) != target:
        raise UserError(
            f"{job.name} is declared in {config.tgi_env} for another adapter, {inside}",
            "another --name",
        )


def _run(plan: "Plan", config: Settings, yes: bool, anew: bool) -> None:
    """Do what is left of a run: all, the rest after a checkpoint, the adapter, or nothing."""
    target = config.adapters / plan.run.name
    if not anew and _has_ended(plan, target):
        output.note(f"the run {plan.run.name} has ended before; nothing was changed")
        _show_result(plan, target)
        return
    _check_disk(plan, config)
    if not plan.is_over:
        _train(plan, yes)
    _write_adapter(plan, target)
    _show_result(plan, target)


def _has_ended(plan: "Plan", target: Path) -> bool:
    if not plan.run.manifest.is_file():
        return False
    try:
        recorded: str = plan.run.read_manifest()["adapter_sha256"]
        return adapter.check(target).sha256 == recorded
    except UserError:  # it was removed since, and is written again
        return False


def _check_disk(plan: "Plan", config: Settings) -> None:
    from training.run import estimate

    tokenizer = (plan.base.folder / "tokenizer.json").stat().st_size
    needed, free = (
        estimate.disk(plan.options, plan.base.config, tokenizer),
        free_bytes(config.state),
    )
    if needed > free:
        raise UserError(
            f"no room for the run: it needs {output.size(needed)}, and {output.size(free)} are free"
            f" in {config.state}",
            "free some space, or move it: OPSCTL_STATE=DIR",
        )


def _train(plan: "Plan", yes: bool) -> None:
    from training.run import train

    model, collate, seconds = show_estimate(plan)
    confirm(seconds, yes)
    if plan.resume is None:  # --start-over, or nothing is left to continue from
        shutil.rmtree(plan.run.folder, ignore_errors=True)
    plan.run.folder.mkdir(parents=True, exist_ok=True)
    plan.run.write_settings(plan.settings)
    plan.write_first_sample()
    try:
        with output.progress_bar("training") as advance:
            ended = train.train(model, collate, plan, teller(plan, advance))
    except KeyboardInterrupt:
        output.note("stopped at once; the same command continues from the last checkpoint, if any")
        raise
    if not ended:
        output.note("stopped, and saved after its last step; the same command continues")
        raise KeyboardInterrupt


def _write_adapter(plan: "Plan", target: Path) -> None:
    """Put the best checkpoint's adapter in its place, then the picture, then the record."""
    from training.model.adapter_files import export
    from training.run import checkpoints, curve, manifest

    run, newest = plan.run, checkpoints.newest(plan.run.checkpoints)
    assert newest is not None
    state = checkpoints.read_state(newest)
    new = target.with_name(f".{target.name}.part")
    base = plan.base.folder.name.replace("--", "/", 1)
    export(run.checkpoints / f"checkpoint-{state['best_global_step']}", new, base)
    config = plan.base.config
    facts = adapter.check(new, config["num_hidden_layers"], config["hidden_size"])
    if facts.zero:
        raise UserError("the best adapter changes nothing: all its B are 0", "another --lr")
    put_in_place(new, target)
    events = run.read_log()
    curve.draw(events, f"{run.name} on {plan.base.folder.name}", run.picture)
    counts = {"train": plan.train.counts(), "eval": plan.held_out.counts()}
    run.write_manifest(manifest.make_manifest(plan.settings, counts, state, target, events))


def _show_result(plan: "Plan", target: Path) -> None:
    record = plan.run.read_manifest()
    best = f"step {record['best_step']}, held-out loss {record['best_eval_loss']:.4f}"
    output.write(f"adapter: {target} ({best}, sha256 {record['adapter_sha256'][:12]})")
    base = record["base_eval_loss"]
    if base is not None and record["best_eval_loss"] >= base:
        output.note(f"it is no better than the base, whose loss is {base:.4f}")
    output.write(f"picture: {plan.run.picture}")
    output.write(f"serve it: opsctl train use {plan.run.name} && opsctl restart")
