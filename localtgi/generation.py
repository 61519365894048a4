"""One answer: the prompt in one forward pass, then a token at each step."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from localtgi.model import LanguageModel
from localtgi.sampling import Chooser, log_probabilities
from localtgi.validation import Job

STOP_WINDOW = 300  # characters kept to look for a stop sequence in, TGI's number
REPLACEMENT = "\ufffd"  # what an incomplete character decodes to


@dataclass(frozen=True)
class Token:
    """A generated token; the text is "" while a character of several tokens is incomplete."""

    id: int
    text: str
    logprob: float
    special: bool


@dataclass(frozen=True)
class PromptToken:
    """A token of the prompt; the first has no probability."""

    id: int
    text: str
    logprob: float | None


class Generation:
    """The state of an answer. Each `step` is one forward pass and makes one token."""

    def __init__(self, model: LanguageModel, job: Job) -> None:
        self.prefill: list[PromptToken] = []
        self.tokens: list[Token] = []
        self.finish_reason = ""
        self._model = model
        self._job = job
        self._ids = list(job.prompt)
        self._chooser = Chooser(job.parameters, job.seed, model.device)
        self._text = IncrementalText(model, self._ids)
        self._cache: Any = None
        self._tail = ""

    @torch.inference_mode()
    def step(self) -> Token:
        """Make the next token; `finish_reason` is set when it is the last."""
        logits = self._prefill() if self._cache is None else self._forward(self._ids[-1:])
        chosen, logprob = self._chooser.choose(self._ids, logits[-1])
        self._ids.append(chosen)
        token = Token(chosen, self._text.next(), logprob, chosen in self._model.special)
        self.tokens.append(token)
        self.finish_reason = self._finished(token)
        return token

    @property
    def text(self) -> str:
        """What the pieces add up to, special tokens left out."""
        return "".join(token.text for token in self.tokens if not token.special)

    def _prefill(self) -> Tensor:
        self._model.use(self._job.parameters.adapter_id)
        whole = self._job.parameters.decoder_input_details
        logits = self._forward(self._job.prompt, whole)
        if whole:
            following = torch.tensor(self._job.prompt[1:], device=logits.device)
            logprobs = log_probabilities(logits[:-1]).gather(1, following[:, None])[:, 0]
            self.prefill = [
                PromptToken(id, self._model.decode([id]), logprob)
                for id, logprob in zip(self._job.prompt, [None, *logprobs.tolist()], strict=True)
            ]
        return logits

    def _forward(self, ids: list[int], whole: bool = False) -> Tensor:
        logits, self._cache = self._model.forward(ids, self._cache, whole)
        return logits

    def _finished(self, token: Token) -> str:
        if len(self.tokens) >= self._job.max_new_tokens:
            return "length"
        if token.id in self._model.ends:
            return "eos_token"
        self._tail = (self._tail + token.text)[-STOP_WINDOW:]
        return "stop_sequence" if self._tail.endswith(self._job.parameters.stop) else ""


class IncrementalText:
    """The text that each new id adds to a growing list of ids; none while a character is cut."""

    def __init__(self, model: LanguageModel, ids: list[int]) -> None:
        self._model = model
        self._ids = ids
        self._start = max(0, len(ids) - 5)  # some context, for tokens that carry a space
        self._read = len(ids)

    def next(self) -> str:
        """The text since the last call that gave some."""
        before = self._model.decode(self._ids[self._start : self._read])
        now = self._model.decode(self._ids[self._start :])
        if len(now) <= len(before) or now.endswith(REPLACEMENT):
            return ""
        self._start, self._read = self._read, len(self._ids)
        return now[len(before) :]
