"""What a run is asked for."""

import math
from dataclasses import asdict, dataclass
from typing import Any

from core.errors import UsageError
from training.model.adapter_files import PLAIN_RANK, RANK_STEP, is_served

EVALUATIONS = 10  # an epoch, when --save-steps is not given
SEEDS = 1 << 32  # of numpy


@dataclass(frozen=True)
class Options:
    """The settings of a run; on a CPU equal ones and equal data give the same adapter.

    `save_steps` None: ten an epoch; `limit` None: all rows; `patience`: evaluations without a
    better one before the run stops, 0 for never. `device` is `cpu` or `cuda`.
    """

    base: str = "gptq"
    epochs: int = 3
    rank: int = 8
    alpha: int = 32
    dropout: float = 0.05
    lr: float = 5e-5
    batch: int = 8
    accumulate: int = 4
    length: int = 2048
    save_steps: int | None = None
    seed: int = 0
    limit: int | None = None
    patience: int = 5
    device: str = "cpu"

    def __post_init__(self) -> None:
        least = {"epochs": 1, "alpha": 1, "batch": 1, "accumulate": 1, "length": 64}
        least |= {"save_steps": 1, "limit": 1, "patience": 0, "seed": 0}
        for name, smallest in least.items():
            value = getattr(self, name)
            if value is not None and value < smallest:
                raise UsageError(
                    f"--{name.replace('_', '-')} is {value}, and must be {smallest} or more"
                )
        if not is_served(self.rank):
            raise UsageError(
                f"--rank is {self.rank}, which TGI would pad and scale wrongly",
                f"{PLAIN_RANK}, or a multiple of {RANK_STEP}",
            )
        if self.seed >= SEEDS:
            raise UsageError(f"--seed is {self.seed}, and must be below {SEEDS}")
        if not 0 <= self.dropout < 1:
            raise UsageError(f"--dropout is {self.dropout}, and must be from 0 to below 1")
        if not 0 < self.lr < 1:
            raise UsageError(f"--lr is {self.lr}, and must be between 0 and 1")

    def steps_per_epoch(self, rows: int) -> int:
        """Optimizer steps; the last one of an epoch may have fewer rows."""
        return math.ceil(math.ceil(rows / self.batch) / self.accumulate)

    def steps(self, rows: int) -> int:
        """Optimizer steps of the whole run."""
        return self.epochs * self.steps_per_epoch(rows)

    def every(self, rows: int) -> int:
        """Steps between two evaluations, each with a checkpoint."""
        return self.save_steps or max(1, self.steps_per_epoch(rows) // EVALUATIONS)

    def frozen(self) -> dict[str, Any]:
        """For settings.json."""
        return asdict(self)
