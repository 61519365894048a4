"""A row as token ids: the prompt that is served, then the answer and the end, to be learned."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assistant.prompt import build_messages
from assistant.server.protocols.mistral import render
from core.errors import UserError
from indexer.search.searcher import Hit
from training.data.rows import Row

IGNORED = -100  # the label that torch's cross entropy leaves out
SOURCE = "yandex-q"  # the file that a description is said to be from
SHORTEST = 32  # tokens; of a description that has to be cut shorter nothing is left at all


@dataclass(frozen=True)
class Example:
    """Token ids with their labels, IGNORED on the prompt; `cut`: tokens that were shortened."""

    ids: list[int]
    labels: list[int]
    cut: int = 0


def prompt_text(row: Row, description: str | None = None) -> str:
    """The prompt as the server gets it; `description` takes the place of the row's own."""
    text = row.description if description is None else description
    hits = [Hit(SOURCE, None, None, text, 1.0)] if text.strip() else []
    return render(build_messages(row.question, hits))


class Encoder:
    """Turns rows into examples of at most `length` tokens."""

    def __init__(self, tokenizer: Any, length: int) -> None:
        self.length = length
        self.bos, self.eos = tokenizer.bos_token_id, tokenizer.eos_token_id
        if None in (self.bos, self.eos) or self.bos == self.eos:
            raise UserError("the model's tokenizer has no BOS and EOS of their own")
        # Copies: a tokenizer.json may carry the lengths of a training, and "</s>" in an answer
        # is a text and not the end.
        self._prompt, self._answer = (_copy(tokenizer) for _ in range(2))
        self._answer.encode_special_tokens = True

    def encode(self, row: Row) -> Example | None:
        """One row, one example; None when it does not fit without its description either."""
        answer = [*self._ids(self._answer, row.answer.strip()), self.eos]
        prompt = self._ids(self._prompt, prompt_text(row))
        room = self.length - len(answer) - 1
        if len(prompt) <= room:
            return self._example(prompt, answer)
        shorter = self._shorten(row, room, len(prompt) - room)
        return self._example(shorter, answer, len(prompt) - len(shorter)) if shorter else None

    def prompt(self, row: Row) -> list[int]:
        """The ids of the prompt alone, BOS first, its description cut as `encode` would."""
        ids = self._ids(self._prompt, prompt_text(row))
        if len(ids) < self.length:
            return [self.bos, *ids]
        return [self.bos, *(self._shorten(row, self.length - 1, len(ids) - self.length + 1) or [])]

    def _example(self, prompt: list[int], answer: list[int], cut: int = 0) -> Example:
        ids = [self.bos, *prompt, *answer]
        return Example(ids, [IGNORED] * (1 + len(prompt)) + answer, cut)

    def _shorten(self, row: Row, room: int, excess: int) -> list[int] | None:
        """The ids of the prompt with the end of its description cut off, so that they fit."""
        spans = self._prompt.encode(row.description, add_special_tokens=False).offsets
        keep = len(spans) - excess
        while keep >= SHORTEST:
            kept = row.description[: spans[keep - 1][1]]
            ids = self._ids(self._prompt, prompt_text(row, _without_last_word(kept)))
            if len(ids) <= room:
                return ids
            keep -= max(len(ids) - room, 1)
        ids = self._ids(self._prompt, prompt_text(row, ""))
        return ids if len(ids) <= room else None

    def _ids(self, backend: Any, text: str) -> list[int]:
        ids: list[int] = backend.encode(text, add_special_tokens=False).ids
        return ids


def check_example(example: Example, bos: int, eos: int) -> str:
    """What is wrong with an example, in words; empty when nothing is."""
    ids, labels = example.ids, example.labels
    start = next((place for place, label in enumerate(labels) if label != IGNORED), len(labels))
    faults = {
        "it has more or fewer labels than tokens": len(ids) != len(labels),
        f"it has {ids.count(bos)} BOS where there must be one, in front": ids.count(bos) != 1
        or ids[0] != bos,
        "its last label is not EOS": labels[-1] != eos,
        "the prompt has labels": start == 0 or labels[start:] != ids[start:],
        "it has no answer": len(labels) - start < 2,
    }
    return next((fault for fault, there in faults.items() if there), "")


def _copy(tokenizer: Any) -> Any:
    backend = type(tokenizer.backend_tokenizer).from_str(tokenizer.backend_tokenizer.to_str())
    backend.no_truncation()
    backend.no_padding()
    return backend


def show(tokenizer: Any, ids: Sequence[int], labels: Sequence[int]) -> str:
    """An example in words; what is learned stands between >>> and <<<."""
    start = next(place for place, label in enumerate(labels) if label != IGNORED)
    prompt, answer = (tokenizer.decode(part) for part in (ids[:start], ids[start:]))
    return f"{prompt}\n>>>{answer}<<<\n"


def _without_last_word(text: str) -> str:
    return next(iter(text.rsplit(maxsplit=1)), "")
