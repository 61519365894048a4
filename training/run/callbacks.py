"""What happens at each step of a run beside the step itself."""

import json
import math
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from transformers import TrainerCallback

from core.errors import UserError
from training.run.checkpoints import without_gain
from training.run.runs import Event, Run

Tell = Callable[[Event], None]
STDERR = 2
STOPPING = b"\nstopping: a checkpoint is saved after this step; Ctrl-C again stops at once\n"


class Record(TrainerCallback):
    """Appends an event for each step and each evaluation to log.jsonl; stops on NaN."""

    def __init__(self, run: Run, tell: Tell) -> None:
        self._run, self._tell = run, tell
        self._before = max((event["seconds"] for event in run.read_log()), default=0.0)
        self._started = time.monotonic()

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        kind = next((kind for kind in ("loss", "eval_loss") if kind in logs), None)
        more: Event = {}
        if kind is None:
            return  # the trainer's own words at the end
        if kind == "loss":
            more = {"lr": logs["learning_rate"], "tokens": int(state.num_input_tokens_seen)}
        self.add(state.global_step, state.epoch, kind, logs[kind], **more)

    def add(self, step: int, epoch: float, kind: str, value: float, **more: Any) -> None:
        """Append an event and tell it. Raise UserError when the value is no number."""
        if not math.isfinite(value):
            what = "loss" if kind == "loss" else "loss on the held-out answers"
            raise UserError(
                f"the {what} is {value} at step {step}: the run was stopped",
                f"another name and a lower rate: opsctl train run --name {self._run.name}-2"
                " --lr RATE",
            )
        seconds = round(self._before + time.monotonic() - self._started, 2)
        event: Event = {"step": step, "epoch": round(epoch, 4), "seconds": seconds, kind: value}
        event |= more
        with self._run.log.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(event) + "\n")
        self._tell(event)


class Halt(TrainerCallback):
    """Stops early, evaluates after the last step, and saves when the person interrupts."""

    def __init__(self, patience: int) -> None:
        self.patience = patience
        self.interrupted = False

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step >= state.max_steps:
            control.should_evaluate = True
        if self.interrupted:
            control.should_save = control.should_training_stop = True

    def on_evaluate(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if 0 < self.patience <= without_gain(state.log_history):
            control.should_training_stop = True

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Turn the first SIGINT or SIGTERM into an orderly stop; the second one ends at once."""

        def handle(number: int, frame: FrameType | None) -> None:
            if self.interrupted:
                raise KeyboardInterrupt
            self.interrupted = True
            with suppress(OSError):  # the terminal may be closed
                os.write(STDERR, STOPPING)  # sys.stderr may be in the middle of a line

        numbers = (signal.SIGINT, signal.SIGTERM)
        before = [signal.signal(number, handle) for number in numbers]
        try:
            yield
        finally:
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)
