"""One answer: the prompt in one forward pass, then a token at each step."""

from dataclasses import dataclass
from typing import Any

import torch

from localtgi.model.language import LanguageModel, log_probabilities
from localtgi.server.requests import Job

REPLACEMENT = "\ufffd"  # what an incomplete character decodes to


@dataclass(frozen=True)
class Token:
    """A generated token; the text is "" while a character of several tokens is incomplete."""

    id: int
    text: str
    logprob: float
    special: bool


class Generation:
    """The state of an answer. Each `step` is one forward pass and makes one token."""

    def __init__(self, model: LanguageModel, job: Job) -> None:
        self.tokens: list[Token] = []
        self.finish_reason = ""
        self._model = model
        self._job = job
        self._ids = list(job.prompt)
        self._text = IncrementalText(model, self._ids)
        self._cache: Any = None

    @torch.inference_mode()
    def step(self) -> Token:
        """Make the next token; `finish_reason` is set when it is the last."""
        ids = self._ids[-1:]
        if self._cache is None:
            self._model.use(self._job.adapter)
            ids = self._job.prompt
        logits, self._cache = self._model.forward(ids, self._cache)
        logprobs = log_probabilities(logits[-1])
        chosen = int(logprobs.argmax())
        self._ids.append(chosen)
        special = chosen in self._model.special
        token = Token(chosen, self._text.next(), float(logprobs[chosen]), special)
        self.tokens.append(token)
        if len(self.tokens) >= self._job.max_new_tokens:
            self.finish_reason = "length"
        elif chosen in self._model.ends:
            self.finish_reason = "eos_token"
        return token

    @property
    def text(self) -> str:
        """What the pieces add up to, special tokens left out."""
        return "".join(token.text for token in self.tokens if not token.special)


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
