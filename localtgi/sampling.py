"""Chooses the next token from the logits, in the order of TGI: penalty, warpers, choice."""

from typing import Any

import torch
from torch import Tensor
from transformers import (
    LogitsProcessorList,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
    TypicalLogitsWarper,
)

from localtgi.parameters import Parameters


class Chooser:
    """Greedy or sampling, by the parameters; sampling draws from a generator of its own."""

    def __init__(self, parameters: Parameters, seed: int, device: torch.device) -> None:
        self.sampling = parameters.samples
        self._processors: Any = _processors(parameters)
        self._random = torch.Generator(device)
        self._random.manual_seed(seed)

    def choose(self, ids: list[int], logits: Tensor) -> tuple[int, float]:
        """A token and its log-probability.

        The probability is that of the processed logits, penalty and warpers included, as TGI
        reports it (server/text_generation_server/utils/tokens.py).
        """
        scores = self._processors(torch.tensor([ids], device=logits.device), logits[None])
        logprobs = log_probabilities(scores[0])
        if self.sampling:
            chosen = int(torch.multinomial(logprobs.exp(), 1, generator=self._random))
        else:
            chosen = int(logprobs.argmax())
        return chosen, float(logprobs[chosen])


def log_probabilities(logits: Tensor) -> Tensor:
    """Of each token, along the last dimension. Raise ArithmeticError if they are no numbers."""
    logprobs = torch.log_softmax(logits, -1)
    if logprobs.isnan().any():
        raise ArithmeticError("the model's numbers overflowed; try --dtype float32")
    return logprobs


def _processors(parameters: Parameters) -> LogitsProcessorList:
    found = LogitsProcessorList()
    if parameters.repetition_penalty not in (None, 1.0):
        found.append(RepetitionPenaltyLogitsProcessor(float(parameters.repetition_penalty)))
    if parameters.temperature not in (None, 1.0):
        found.append(TemperatureLogitsWarper(float(parameters.temperature)))
    if parameters.top_k is not None:
        found.append(TopKLogitsWarper(parameters.top_k))
    if parameters.top_p is not None:
        found.append(TopPLogitsWarper(parameters.top_p))
    if parameters.typical_p is not None:
        found.append(TypicalLogitsWarper(parameters.typical_p))
    return found
