"""opsctl train plot: the picture of a run, also of one that is still at work."""

from pathlib import Path
from typing import Annotated

import typer

from core import settings
from core.errors import UserError
from opsctl.terminal import output
from opsctl.terminal.options import Json


def plot(
    name: Annotated[str, typer.Argument(help="The run.")] = "yandexq",
    json: Json = False,
) -> None:
    """Draw a run's losses from its log, and list them."""
    from training.run import curve
    from training.run.runs import Run, run_folder

    run = Run(run_folder(settings.load().state, name))
    asked, events = run.read_settings(), run.read_log()
    if not events:
        raise UserError(
            f"the run {name} has not made a step yet", f"opsctl train run --name {name}"
        )
    curve.draw(events, f"{name} on {Path(asked['model']).name}", run.picture)
    rows, best = curve.table(events), curve.chosen_step(events)
    if json:
        listing = [{"step": step, "loss": loss, "eval_loss": held} for step, loss, held in rows]
        output.write_json({"picture": str(run.picture), "chosen": best, "evaluations": listing})
        return
    shown = [
        (step, "" if loss is None else f"{loss:.4f}", f"{held:.4f}", "chosen" * (step == best))
        for step, loss, held in rows
    ]
    output.write_table([("step", "loss", "eval loss", ""), *shown])
    output.write(str(run.picture))
