"""The model of the fake TGI: a pure function of the whole text so far and the adapter.

Words are tokens, so the tokens of prompt + answer are those of the prompt, then the answer's.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zlib import crc32

BOS, EOS = 1, 2
_WORDS = (
    "корабль станция лёд море ветер насос кабель журнал смена вахта север карта маяк прибор",
    "station ship winter engine valve pump cable report chart north water light page order",
)
WORDS = " ".join(_WORDS).split()
_TOKEN = re.compile(r" ?\w+|</s>|\s|[^\w\s]")


@dataclass(frozen=True)
class Token:
    """A token as TGI writes it."""

    id: int
    text: str
    logprob: float
    special: bool = False

    def wire(self) -> dict[str, Any]:
        """Its JSON object."""
        return vars(self)


def token_id(text: str) -> int:
    """The number of a token's text; 0 to 99 are left to the special ones."""
    return EOS if text == "</s>" else 100 + crc32(text.encode()) % 31_000


def tokenize(text: str) -> list[tuple[int, str, int, int]]:
    """Id, text, start and stop (in bytes of UTF-8) of every token, without BOS."""
    found, start = [], 0
    for match in _TOKEN.finditer(text):
        stop = start + len(match[0].encode())
        found.append((token_id(match[0]), match[0], start, stop))
        start = stop
    return found


def count(text: str) -> int:
    """Tokens of a prompt, BOS included."""
    return 1 + sum(1 for _ in _TOKEN.finditer(text))


class Writer:
    """Continues a prompt, as an adapter ("" is the base) would.

    With `decode` another adapter writes every token but the first: TGI with CUDA graphs.
    """

    def __init__(
        self, prompt: str, adapter: str, *, decode: str | None = None, eos_every: int = 40
    ) -> None:
        self._first = _seen(adapter, prompt)
        self._later = _seen(adapter if decode is None else decode, prompt)
        self._eos_every = eos_every

    def tokens(self) -> Iterator[Token]:
        """Tokens without end, or up to the end-of-sequence token."""
        seen = self._first
        while True:
            token = self._choose(seen)
            yield token
            if token.special:
                return
            seen = self._later
            seen.update(token.text.encode())

    def _choose(self, seen: "hashlib.blake2b") -> Token:
        number = int.from_bytes(seen.digest()[:8], "big")
        logprob = -(number % 10_007) / 4_000
        if self._eos_every and number // 7 % self._eos_every == 0:
            return Token(EOS, "</s>", logprob, special=True)
        text = f" {WORDS[number // 11 % len(WORDS)]}"
        return Token(token_id(text), text, logprob)


def _seen(adapter: str, prompt: str) -> "hashlib.blake2b":
    return hashlib.blake2b(f"{adapter}\0{prompt}".encode())
