"""Greedy answers of a model, batch by batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class Answer:
    """The tokens of an answer without EOS; `stopped`: it ended by EOS, not by the limit."""

    ids: list[int]
    stopped: bool


@torch.inference_mode()
def answers(
    model: Any, prompts: Sequence[Sequence[int]], limit: int, eos: int, pad: int
) -> list[Answer]:
    """Continue prompts greedily, all in one batch, by at most `limit` tokens each."""
    width = max(map(len, prompts))
    # What is filled up stands on the left, so that every answer begins in the same column.
    rows = [[pad] * (width - len(prompt)) + list(prompt) for prompt in prompts]
    real = [[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts]
    produced = model.generate(
        input_ids=torch.tensor(rows, device=model.device),
        attention_mask=torch.tensor(real, device=model.device),
        max_new_tokens=limit,
        do_sample=False,
        eos_token_id=eos,
        pad_token_id=pad,
        use_cache=True,
        # What a checkpoint's own generation config may say of sampling.
        temperature=None,
        top_p=None,
        top_k=None,
    )
    return [_until(row, eos) for row in produced[:, width:].tolist()]


def _until(ids: list[int], eos: int) -> Answer:
    return Answer(ids[: ids.index(eos)], True) if eos in ids else Answer(ids, False)
