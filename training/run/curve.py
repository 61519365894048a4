"""The picture of a run: its losses over its steps."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.extras import need
from core.files import whole_file
from training.run.runs import Event

SIZE, DPI = (8.0, 5.0), 100  # inches: 800 x 500 pixels
WINDOWS = 20  # of the train losses; the line through them is the mean of so many steps


def points(events: Sequence[Event], kind: str) -> tuple[list[int], list[float]]:
    """Steps and values of the events that have `loss` or `eval_loss`."""
    found = [(event["step"], event[kind]) for event in events if kind in event]
    return [step for step, _ in found], [value for _, value in found]


def chosen_step(events: Sequence[Event]) -> int | None:
    """The step with the least loss on the held-out answers: its adapter is kept.

    Step 0 is the base.
    """
    found = dict(zip(*points(events, "eval_loss"), strict=True))
    found.pop(0, None)
    return min(found, key=lambda step: found[step], default=None)


def draw(events: Sequence[Event], title: str, path: Path) -> None:
    """Write loss.png, whole or not at all."""
    need("train", "matplotlib").use("Agg")
    figure: Any
    figure, axes = need("train", "matplotlib.pyplot").subplots(
        figsize=SIZE, dpi=DPI, layout="constrained"
    )
    steps, losses = points(events, "loss")
    axes.plot(steps, losses, color="tab:blue", alpha=0.25, linewidth=1)
    axes.plot(steps, _smooth(losses), color="tab:blue", label="train loss (moving mean)")
    held_out = points(events, "eval_loss")
    axes.plot(*held_out, color="tab:orange", marker="o", markersize=4, label="held-out loss")
    best = chosen_step(events)
    if best is not None:
        least = held_out[1][held_out[0].index(best)]
        axes.axvline(best, color="tab:green", linestyle="--", linewidth=1)
        axes.plot([best], [least], color="tab:green", marker="*", markersize=14, linestyle="none",
                  label=f"chosen: step {best}, {least:.3f}")  # fmt: skip
    axes.set_xlabel("optimizer step")
    axes.set_ylabel("loss, nats per answer token")
    axes.set_title(title)
    axes.grid(alpha=0.3)
    axes.legend()
    with whole_file(path) as draft:
        figure.savefig(draft, format="png")
    need("train", "matplotlib.pyplot").close(figure)


def table(events: Sequence[Event]) -> list[tuple[int, float | None, float]]:
    """Step, train loss (mean since the row above) and held-out loss at each evaluation."""
    rows: list[tuple[int, float | None, float]] = []
    since: list[float] = []
    for event in events:
        if "loss" in event:
            since.append(event["loss"])
        else:
            mean = sum(since) / len(since) if since else None
            rows.append((event["step"], mean, event["eval_loss"]))
            since = []
    return rows


def _smooth(values: Sequence[float]) -> list[float]:
    """The mean of the last steps, a twentieth of all of them."""
    width = max(1, len(values) // WINDOWS)
    windows = (values[max(0, end - width) : end] for end in range(1, len(values) + 1))
    return [sum(window) / len(window) for window in windows]
