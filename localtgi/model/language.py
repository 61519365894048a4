"""A loaded model: text to ids and back, and one forward pass with one adapter."""

from dataclasses import dataclass
from typing import Any

import torch
from peft import PeftModelForCausalLM
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerFast


@dataclass(frozen=True)
class Piece:
    """A token of a text: `start` and `stop` are byte offsets into its UTF-8."""

    id: int
    text: str
    start: int
    stop: int


class LanguageModel:
    """A model with its tokenizer and adapters.

    `use`, `forward` and `check` belong to one thread; text is turned into ids in any.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerFast,
        switch: PeftModelForCausalLM | None,
        adapters: frozenset[str],
        ends: frozenset[int],
    ) -> None:
        self.model: Any = model
        self.tokenizer = tokenizer
        self.ends = ends
        self.special = frozenset(tokenizer.all_special_ids)
        self.device: torch.device = self.model.device
        self._backend = tokenizer.backend_tokenizer
        # A tokenizer.json may carry the lengths of a training.
        self._backend.no_truncation()
        self._backend.no_padding()
        self._switch: Any = switch
        self._adapters = adapters

    def use(self, adapter: str | None) -> None:
        """Switch an adapter on. None and, as in TGI, any name that is not loaded: the base."""
        if self._switch is None:
            return
        if adapter in self._adapters:
            self._switch.base_model.enable_adapter_layers()
            self._switch.base_model.set_adapter(adapter, inference_mode=True)
        else:
            self._switch.base_model.disable_adapter_layers()

    def forward(self, ids: list[int], cache: Any) -> tuple[Tensor, Any]:
        """Logits after the last id; float32, 1 x vocabulary."""
        output = self.model(
            input_ids=torch.tensor([ids], device=self.device),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        return output.logits[0].float(), output.past_key_values

    @torch.inference_mode()
    def check(self) -> None:
        """One forward pass with the adapter that is on. Raise whatever is wrong with it."""
        log_probabilities(self.forward(self.encode("a"), None)[0])

    def encode(self, text: str) -> list[int]:
        """The ids of a text, with BOS before them."""
        # A batch of one: `encode` would keep every other thread waiting (it holds the GIL).
        [encoding] = self._backend.encode_batch_fast([text])
        ids: list[int] = encoding.ids
        return ids

    def pieces(self, text: str) -> list[Piece]:
        """The tokens of a text with BOS, as the route /tokenize shows them."""
        [encoding] = self._backend.encode_batch([text])
        place = [0]  # of each character, in bytes
        for character in text:
            place.append(place[-1] + len(character.encode()))
        return [
            Piece(id, text[start:stop], place[start], place[stop])
            for id, (start, stop) in zip(encoding.ids, encoding.offsets, strict=True)
        ]

    def decode(self, ids: list[int]) -> str:
        """The text of some ids, special tokens shown."""
        return str(self.tokenizer.decode(ids, clean_up_tokenization_spaces=False))


def log_probabilities(logits: Tensor) -> Tensor:
    """Of each token, along the last dimension. Raise ArithmeticError if they are no numbers."""
    logprobs = torch.log_softmax(logits, -1)
    if logprobs.isnan().any():
        raise ArithmeticError("the model's numbers overflowed; try --dtype float32")
    return logprobs
