"""What a run will take, told before it starts."""

import sys
from typing import TYPE_CHECKING, Any

import typer

from core.errors import UserError
from opsctl.terminal import output

if TYPE_CHECKING:
    from training.run.estimate import Pace
    from training.run.options import Options
    from training.run.plan import Plan

LONG = 24 * 3600  # seconds; a longer run asks first


def show_estimate(plan: "Plan") -> tuple[Any, Any, float]:
    """Show what the run will take; returns model, what fills batches up and the seconds left."""
    from training.run import estimate, train

    longest = max(*plan.train.lengths, *plan.held_out.lengths)
    rows_at_a_time = min(plan.options.batch, max(len(plan.train), len(plan.held_out)))
    needs = estimate.memory(plan.base, plan.options, rows_at_a_time * longest)
    free = estimate.free_memory(plan.options.device)
    _check_memory(needs, free, plan.options)
    rows = _facts(plan, needs, free)
    output.note(f"loading the base on {plan.options.device}, and timing a few batches")
    model, collate = train.build(plan)
    pace = train.measured(model, collate, plan)
    work = estimate.work(plan.options, plan.train, plan.held_out)
    seconds = work.seconds(pace, plan.options.epochs, plan.done)
    output.write_table([*rows, *_times(plan, pace, seconds)])
    return model, collate, seconds


def _check_memory(needs: dict[str, int], free: int, options: "Options") -> None:
    """Refuse what cannot fit: on a GPU the measurement proves the rest, on a CPU nothing does."""
    needed = needs["weights"] if options.device == "cuda" else sum(needs.values())
    if needed > free:
        raise UserError(
            f"no memory on {options.device}: the run needs about {output.size(needed)}, and"
            f" {output.size(free)} are free",
            "a smaller --batch with a larger --accumulate, or a smaller --length",
        )


def _facts(plan: "Plan", needs: dict[str, int], free: int) -> list[tuple[str, str]]:
    train, held_out, options = plan.train, plan.held_out, plan.options
    parts = ", ".join(f"{name} {output.size(amount)}" for name, amount in needs.items())
    every = options.every(len(train))
    cut = f" by {train.cut:,} tokens" if train.cut else ""
    notes = f"{train.dropped:,} left out, too long; {train.shortened:,} shortened{cut}"
    return [
        ("rows", f"{len(train):,} ({notes}), {len(held_out):,} held out"),
        ("tokens", f"{train.tokens:,} an epoch, {train.answer_tokens:,} of them of answers"),
        ("steps", f"{plan.steps:,}, {plan.done:,} done; evaluated and saved every {every:,}"),
        ("memory", f"about {output.size(sum(needs.values()))} of {output.size(free)} free on"
                   f" {options.device}:"),
        ("", parts),
    ]  # fmt: skip


def _times(plan: "Plan", pace: "Pace", seconds: float) -> list[tuple[str, str]]:
    how = "measured" if pace.whole else "from a short piece: a batch takes minutes"
    rows = [("pace", f"{1 / pace.seconds_per_token:,.0f} tokens/s ({how})")]
    if pace.peak is not None:
        rows.append(("measured memory", f"{output.size(pace.peak)} at the longest rows"))
    epochs = f"{plan.options.epochs} epoch" + "s" * (plan.options.epochs > 1)
    what = f"what is left of {epochs}" if plan.done else epochs
    return [*rows, ("time", f"{duration(seconds)} for {what}")]


def confirm(seconds: float, yes: bool) -> None:
    """Ask before a run of more than a day; UserError where there is nobody to ask."""
    if seconds <= LONG or yes:
        return
    took = f"the run would take {duration(seconds)}"
    if not sys.stdin.isatty():
        raise UserError(took, "--yes starts it anyway; --limit or --epochs make it shorter")
    if not typer.confirm(f"{took}. Start it?", err=True):
        raise typer.Exit(1)


def duration(seconds: float) -> str:
    """A time in words, as much of it as an estimate is good for."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
