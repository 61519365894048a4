"""How a run goes, told step by step."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from opsctl.terminal import output
from opsctl.train.estimate import duration

if TYPE_CHECKING:
    from training.run.plan import Plan
    from training.run.runs import Event


def teller(plan: "Plan", advance: Callable[[int, int, str], None]) -> Callable[["Event"], None]:
    """Shows each event: the bar moves, and each evaluation is a line."""
    past = [event for event in plan.run.read_log() if event["step"] <= plan.done]
    began = past[-1]["seconds"] if past else 0.0
    learned = max((event.get("tokens", 0) for event in past), default=0)
    held_out = [event["eval_loss"] for event in past if "eval_loss" in event]
    words = {"loss": "-", "eval_loss": f"{held_out[-1]:.3f}" if held_out else "-", "pace": "-"}

    def tell(event: "Event") -> None:
        nonlocal began
        step = event["step"]
        if step == 0:  # what the base takes says nothing of the steps
            began = event["seconds"]
            output.note(f"the base: held-out loss {event['eval_loss']:.3f}")
        seconds = max(event["seconds"] - began, 0.01)
        for kind in ("loss", "eval_loss"):
            words[kind] = f"{event[kind]:.3f}" if kind in event else words[kind]
        if "tokens" in event:
            words["pace"] = f"{(event['tokens'] - learned) / seconds:,.0f}"
        left = seconds / max(step - plan.done, 1) * (plan.steps - step)
        text = "loss {loss}, held out {eval_loss}, {pace} tokens/s".format(**words)
        advance(step, plan.steps, text)
        if "eval_loss" in event and step:
            words_left = f", {duration(left)} left" if step < plan.steps else ""
            output.note(f"step {step:,} of {plan.steps:,}: {text}{words_left}")

    return tell
