"""The loss of the answers alone, for the evaluations of a run and for the comparison after it."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from training.model.encode import IGNORED


@torch.inference_mode()
def answer_loss(model: nn.Module, batch: Mapping[str, Tensor]) -> tuple[float, int]:
    """The cross entropy of a batch's answers, summed in nats, and the number of their tokens.

    The model is to be in evaluation mode. Logits are made from the first answer on: those of all
    the prompts would be gigabytes.
    """
    learned = batch["labels"] != IGNORED
    width = learned.shape[1] - int(learned.any(0).nonzero()[0])
    goals, learned = batch["labels"][:, -width:], learned[:, -width:]
    logits = model(
        input_ids=batch["input_ids"], attention_mask=batch["attention_mask"],
        logits_to_keep=width + 1, use_cache=False,
    ).logits[:, :-1]  # fmt: skip
    total = cross_entropy(logits[learned].float(), goals[learned], reduction="sum")
    return float(total), int(learned.sum())
