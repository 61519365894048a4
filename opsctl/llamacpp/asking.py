"""Asks llama.cpp's server by its own routes, at a scale of an adapter, for `opsctl verify`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.server.wire.http import Timeouts, Wire

SECONDS = 600.0  # a CPU reads a hundred tokens in half a minute
LIKELIEST = 10  # tokens that are compared in each place


@dataclass(frozen=True)
class Loaded:
    """An adapter that the server has: the number that requests name, and its file."""

    id: int
    path: Path


@dataclass(frozen=True)
class Said:
    """A greedy answer: its tokens, and the log-probabilities of the likeliest in each place."""

    tokens: tuple[int, ...]
    chances: tuple[dict[int, float], ...]

    def part(self, start: int, end: int) -> "Said":
        return Said(self.tokens[start:end], self.chances[start:end])

    def differs(self, other: "Said", tolerance: float) -> bool:
        """Tell whether more than rounding parts them, up to where two tokens are as likely."""
        for here, there, mine, its in zip(
            self.tokens, other.tokens, self.chances, other.chances, strict=False
        ):
            if there not in mine or abs(mine[there] - its[there]) > tolerance:
                return True
            if here != there:
                return False  # what follows is another text
        return False


class LlamaServer:
    """A running server. Every method may raise ServerError."""

    def __init__(self, url: str, key: str | None) -> None:
        self._wire = Wire(url, key, Timeouts(short=SECONDS))

    async def aclose(self) -> None:
        await self._wire.aclose()

    async def adapters(self) -> dict[str, Loaded]:
        """The adapters that it was started with, by the names of their files."""
        listed = await self._wire.json("lora-adapters")
        try:
            found = [Loaded(int(one["id"]), Path(str(one["path"]))) for one in listed]
        except (TypeError, KeyError, ValueError):
            raise self._wire.strange("/lora-adapters lists no adapters") from None
        return {one.path.stem: one for one in found}

    async def slots(self) -> int:
        """How many requests it works on at a time."""
        told = await self._wire.json("props")
        return int(told.get("total_slots") or 1) if isinstance(told, dict) else 1

    async def tokenize(self, text: str) -> list[int]:
        body = {"content": text, "add_special": True}
        told = await self._wire.json("tokenize", json.dumps(body).encode())
        return list(told["tokens"])

    async def write(
        self, prompt: Sequence[int], tokens: int, adapter: int, scale: float, *, fresh: bool
    ) -> Said:
        """A greedy answer to a prompt; a `fresh` one takes nothing from a cache."""
        body = {
            "prompt": list(prompt),
            "n_predict": tokens,
            "temperature": 0,
            "n_probs": LIKELIEST,
            "cache_prompt": not fresh,
            "lora": [{"id": adapter, "scale": scale}],
        }
        told = await self._wire.json("completion", json.dumps(body).encode())
        return self._said(told)

    def _said(self, told: Any) -> Said:
        try:
            steps = told["completion_probabilities"]
            return Said(
                tuple(int(step["id"]) for step in steps),
                tuple(
                    {int(one["id"]): float(one["logprob"]) for one in step["top_logprobs"]}
                    for step in steps
                ),
            )
        except (TypeError, KeyError, ValueError):
            raise self._wire.strange("/completion tells no log-probabilities") from None
