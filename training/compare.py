"""The base model against an adapter on held-out questions, one model in memory.

Both get the same prompts, the ones that are served, and answer greedily in the same batches.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import PeftModelForCausalLM

from core.errors import UserError
from training.data.language import same_language
from training.data.rows import Row
from training.model.base import load_base
from training.model.encode import IGNORED, Encoder, Example
from training.model.generate import Answer, answers
from training.model.loss import answer_loss

EXAMPLES = 3
Progress = Callable[[int, int], None]  # questions that are answered, and all


@dataclass(frozen=True)
class Side:
    """One of the two, over all questions.

    `loss` is of the held-out answers, in nats per token; `answer_tokens` and `answer_characters`
    are means; `same_language` and `stopped` are shares from 0 to 1. None: does not apply.
    """

    loss: float | None
    perplexity: float | None
    answer_tokens: float
    answer_characters: float
    same_language: float
    stopped: float | None


@dataclass(frozen=True)
class Shown:
    """A question with the answer that was held out and the two that were made."""

    question: str
    reference: str
    base: str
    adapter: str


@dataclass(frozen=True)
class Comparison:
    """What came out; `identical` is the share of answers that are the same, token by token.

    `left_out` are questions that do not fit into the length of the training.
    """

    rows: int
    left_out: int
    tokens: int
    base: Side
    adapter: Side
    reference: Side
    identical: float
    examples: tuple[Shown, ...]


@dataclass(frozen=True)
class _Asked:
    row: Row
    example: Example
    prompt: list[int]

    def batch(self, device: torch.device) -> dict[str, torch.Tensor]:
        """A batch of this one example."""
        ids, labels = (
            torch.tensor([values], device=device)
            for values in (self.example.ids, self.example.labels)
        )
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": labels}

    @property
    def goals(self) -> int:
        """Tokens of the held-out answer, EOS included."""
        return sum(label != IGNORED for label in self.example.labels)


class _Results:
    """The losses and answers of one side, in the order of the questions."""

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.answers: list[Answer] = []


def load(folder: Path, kind: str, adapter: Path, device: str) -> tuple[Any, Any]:
    """A base model with an adapter on it, and the tokenizer. Raises UserError."""
    base, tokenizer = load_base(folder, kind, device)
    try:
        model = PeftModelForCausalLM.from_pretrained(base, str(adapter))
    except (OSError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise UserError(f"the adapter {adapter} does not fit the base: {reason}") from error
    return model, tokenizer


def compare(
    model: Any,
    tokenizer: Any,
    rows: Sequence[Row],
    length: int,
    limit: int,
    batch: int,
    progress: Progress = lambda done, total: None,
) -> Comparison:
    """Ask a peft model with and without its adapter; `length` is the training's, in tokens."""
    asked, left_out = _encode(Encoder(tokenizer, length), rows)
    if not asked:
        raise UserError(
            f"none of {len(rows)} held-out questions fits into {length} tokens",
            "opsctl train prepare, with other rows",
        )
    model.eval()
    base, adapter = _Results(), _Results()
    for start in range(0, len(asked), batch):
        part = asked[start : start + batch]
        try:
            with model.disable_adapter():
                _ask(model, tokenizer, part, limit, base)
            _ask(model, tokenizer, part, limit, adapter)
        except torch.OutOfMemoryError as error:
            raise UserError(
                f"no memory for {len(part)} questions at a time", f"--batch {max(batch // 2, 1)}"
            ) from error
        progress(start + len(part), len(asked))
    return _summary(tokenizer, asked, left_out, limit, base, adapter)


def _encode(encoder: Encoder, rows: Sequence[Row]) -> tuple[list[_Asked], int]:
    """The rows that fit, the longest first: memory runs out at once or not at all."""
    found = [(row, encoder.encode(row)) for row in rows]
    asked = [_Asked(row, example, encoder.prompt(row)) for row, example in found if example]
    asked.sort(key=lambda item: -len(item.prompt))
    return asked, len(rows) - len(asked)


def _ask(model: Any, tokenizer: Any, part: Sequence[_Asked], limit: int, results: _Results) -> None:
    results.losses += [answer_loss(model, item.batch(model.device))[0] for item in part]
    prompts = [item.prompt for item in part]
    eos, pad = tokenizer.eos_token_id, tokenizer.pad_token_id
    results.answers += answers(model, prompts, limit, eos, pad)


def _summary(
    tokenizer: Any, asked: Sequence[_Asked], left_out: int, limit: int,
    base: _Results, adapter: _Results,
) -> Comparison:  # fmt: skip
    goals = [item.goals for item in asked]
    same = [one.ids == two.ids for one, two in zip(base.answers, adapter.answers, strict=True)]
    said = [
        [tokenizer.decode(answer.ids, skip_special_tokens=True) for answer in side.answers]
        for side in (base, adapter)
    ]
    # The longest prompts come first; the examples are those in the middle.
    middle = max((len(asked) - EXAMPLES) // 2, 0)
    return Comparison(
        len(asked), left_out, limit,
        _side(base, said[0], asked), _side(adapter, said[1], asked),
        Side(
            None, None, _mean(goals) - 1, _mean([len(item.row.answer) for item in asked]),
            _mean([same_language(item.row, item.row.answer) for item in asked]), None,
        ),
        _mean(same),
        tuple(
            Shown(item.row.question, item.row.answer, one, two)
            for item, one, two in list(zip(asked, *said, strict=True))[middle : middle + EXAMPLES]
        ),
    )  # fmt: skip


def _side(results: _Results, said: Sequence[str], asked: Sequence[_Asked]) -> Side:
    loss = sum(results.losses) / sum(item.goals for item in asked)
    pairs = zip(asked, said, strict=True)
    return Side(
        loss,
        math.exp(loss),
        _mean([len(answer.ids) for answer in results.answers]),
        _mean([len(text) for text in said]),
        _mean([same_language(item.row, text) for item, text in pairs]),
        _mean([answer.stopped for answer in results.answers]),
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
