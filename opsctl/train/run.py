"""Does what is left of a run, up to the adapter in its place."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import UserError
from core.settings import Settings
from opsctl.hub import adapter
from opsctl.hub.folders import free_bytes, put_in_place
from opsctl.terminal import output
from opsctl.train.estimate import confirm, show_estimate
from opsctl.train.progress import teller

if TYPE_CHECKING:
    from training.run.plan import Plan


def carry_out(plan: "Plan", config: Settings, yes: bool, again: bool) -> None:
    """Do what is left of a run: all, the rest after a checkpoint, the adapter, or nothing."""
    target = config.adapters / plan.run.name
    if not again and _has_ended(plan, target):
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
    output.tell(f"serve it: opsctl train use {plan.run.name} && opsctl restart")
