"""A run before it starts: everything is checked that can be checked without the weights."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.text import printable
from localtgi.model.checkpoint import Checkpoint
from training.data.report import EVAL, TRAIN, read_report
from training.data.rows import read_prepared
from training.model.base import load_tokenizer, open_base
from training.model.encode import Encoder, show
from training.model.samples import Samples, make_samples
from training.run import checkpoints
from training.run.manifest import base_digest, data_digests
from training.run.options import Options
from training.run.runs import Run

HELD_OUT = 256  # rows of eval.jsonl that each evaluation takes, the first ones
# Where a folder is does not matter, only what is in it.
PLACES = ("data", "model")


@dataclass(frozen=True)
class Plan:
    """What a run starts with; `resume` is the checkpoint that it goes on from."""

    run: Run
    options: Options
    base: Checkpoint
    tokenizer: Any
    train: Samples
    held_out: Samples
    settings: dict[str, Any]
    resume: Path | None

    @property
    def steps(self) -> int:
        """Optimizer steps of the whole run."""
        return self.options.steps(len(self.train))

    @property
    def done(self) -> int:
        """Steps that are behind."""
        return checkpoints.step_of(self.resume) if self.resume else 0

    @property
    def is_over(self) -> bool:
        """Whether only the adapter remains to be written."""
        state = checkpoints.read_state(self.resume) if self.resume else None
        return state is not None and checkpoints.is_over(state, self.steps, self.options.patience)

    def write_first_sample(self) -> None:
        """Write the first sample in words, and what is learned of it."""
        first = self.train[0]
        text = show(self.tokenizer, first["input_ids"], first["labels"])
        self.run.first_sample.write_text(text, encoding="utf-8")


def make_plan(run: Run, options: Options, data: Path, model: Path, again: bool) -> Plan:
    """Check the data, the base and, unless `again`, an earlier start of the same name.

    Raises UserError.
    """
    check_data(data)
    base = open_base(model, options.base)
    if options.length > (base.context or options.length):
        raise UserError(f"{model} takes {base.context} tokens, and --length is {options.length}")
    rows = read_prepared(data / TRAIN)[: options.limit]
    held_out = read_prepared(data / EVAL)[: min(HELD_OUT, options.limit or HELD_OUT)]
    settings = {
        **options.frozen(),
        "data": str(data.resolve()),
        "model": str(model.resolve()),
        "data_sha256": data_digests(data),
        "model_sha256": base_digest(base),
    }
    if not again:
        check_same(run, settings)
    tokenizer = load_tokenizer(model)
    encoder = Encoder(tokenizer, options.length)
    train = make_samples(rows, encoder, TRAIN)
    watched = make_samples(held_out, encoder, EVAL)
    resume = None if again else checkpoints.newest(run.checkpoints)
    return Plan(run, options, base, tokenizer, train, watched, settings, resume)


def check_data(data: Path) -> None:
    """Raise UserError unless the folder is a prepared set that is fit to learn from."""
    shown = printable(str(data))
    if not data.is_dir():
        raise UserError(f"there is no prepared set in {shown}", "opsctl train prepare")
    if read_report(data).get("as_published"):  # by an earlier version of opsctl
        raise UserError(
            f"{shown} was made by the published rules, which spoil the rows (its report says how)",
            "opsctl train prepare",
        )


def check_same(run: Run, settings: dict[str, Any]) -> None:
    """Raise UserError when a run of this name was started with something else."""
    if not run.settings.is_file():
        return
    before = run.read_settings()
    options = [field.name for field in fields(Options)]
    for name in (*options, "data_sha256", "model_sha256"):
        if before.get(name) != settings[name]:
            what = name.removesuffix("_sha256")
            change = (
                f"another {what}: the files differ"
                if what in PLACES
                else f"{_flag(name, before.get(name))}, not {_flag(name, settings[name])}"
            )
            raise UserError(
                f"the run {run.name} was started with {change}",
                "another --name; or --start-over, which forgets the run",
            )


def _flag(name: str, value: object) -> str:
    flag = f"--{name.replace('_', '-')}"
    return f"no {flag}" if value is None else f"{flag} {value}"
