"""The samples of a run, each checked before the first step."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from core.errors import UserError
from training.data.rows import Row
from training.model.encode import IGNORED, Encoder, Example, check_example

MOST_DROPPED = 0.05  # of the rows; more mean that --length is wrong for the data


@dataclass
class Samples(torch.utils.data.Dataset[dict[str, list[int]]]):
    """Rows as token ids, 4 bytes a token: with lists 24,000 rows would take 1.4 GB."""

    rows: int = 0
    dropped: int = 0
    shortened: int = 0
    cut: int = 0  # tokens, of the shortened descriptions
    ids: list["array[int]"] = field(default_factory=list)
    prompts: list[int] = field(default_factory=list)  # tokens before the answer, BOS among them

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, place: int) -> dict[str, list[int]]:
        ids = self.ids[place].tolist()
        prompt = self.prompts[place]
        labels = [IGNORED] * prompt + ids[prompt:]
        return {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": labels}

    @property
    def lengths(self) -> list[int]:
        """Tokens of each sample."""
        return [len(ids) for ids in self.ids]

    @property
    def tokens(self) -> int:
        return sum(self.lengths)

    @property
    def answer_tokens(self) -> int:
        """Tokens that have a loss."""
        return self.tokens - sum(self.prompts)

    def add(self, example: Example) -> None:
        self.ids.append(array("i", example.ids))
        self.prompts.append(example.labels.count(IGNORED))
        self.shortened += example.cut > 0
        self.cut += example.cut

    def counts(self) -> dict[str, int]:
        """For the manifest."""
        return {
            "rows": self.rows,
            "samples": len(self),
            "too_long": self.dropped,
            "shortened": self.shortened,
            "tokens_cut": self.cut,
            "tokens": self.tokens,
            "answer_tokens": self.answer_tokens,
        }


def make_samples(rows: Iterable[Row], encoder: Encoder, name: str) -> Samples:
    """Encode rows; UserError when a sample is not as it must be, or too many do not fit."""
    samples = Samples()
    for number, row in enumerate(rows, 1):
        samples.rows = number
        example = encoder.encode(row)
        if example is None:
            samples.dropped += 1
            continue
        if fault := check_example(example, encoder.bos, encoder.eos):
            raise UserError(f"row {number} of {name} cannot be learned: {fault}")
        samples.add(example)
    _check_counts(samples, encoder.length, name)
    return samples


def _check_counts(samples: Samples, length: int, name: str) -> None:
    if not samples.rows:
        hint = "opsctl train prepare, with more rows or a greater --eval-share"
        raise UserError(f"{name} holds no rows", hint)
    if len(samples) != samples.rows - samples.dropped:
        raise UserError(
            f"{name} has {samples.rows} rows, of which {samples.dropped} are too long, but gave"
            f" {len(samples)} samples"
        )
    if not len(samples) or samples.dropped > MOST_DROPPED * samples.rows:
        raise UserError(
            f"{samples.dropped} of {samples.rows} rows of {name} do not fit into {length} tokens",
            "a greater --length",
        )


def padded_tokens(lengths: Sequence[int], batch: int, generator: Any) -> int:
    """Tokens of an epoch with the filling of each batch up to its longest row."""
    mixed = list(lengths)
    generator.shuffle(mixed)
    batches = (mixed[start : start + batch] for start in range(0, len(mixed), batch))
    return sum(max(part) * len(part) for part in batches)
