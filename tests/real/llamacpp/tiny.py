"""A tiny Mistral and its adapter, and what the server of llama.cpp says of their tokens."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parents[3]
STEPS = 24
# Of 6, 41 and 301 tokens; what they mean does not matter.
PROMPTS = tuple(
    [1, *((7 * n * n + 11 * n) % 270 + 259 for n in range(size))] for size in (5, 40, 300)
)


@dataclass(frozen=True)
class Written:
    """A greedy answer: its tokens, and after each of them the log-probability of every token."""

    tokens: list[int]
    chances: list[dict[int, float]]


def post(url: str, path: str, body: Any) -> Any:
    """The JSON that a route answers."""
    request = Request(f"{url}{path}", json.dumps(body).encode())
    with urlopen(request, timeout=120) as reply:
        return json.load(reply)


def written(url: str, prompt: Sequence[int], scale: float | None, **more: Any) -> Written:
    """A greedy answer at a scale of the first adapter; None names none."""
    lora = {} if scale is None else {"lora": [{"id": 0, "scale": scale}]}
    body = {"prompt": prompt, "n_predict": STEPS, "temperature": 0, "n_probs": 1000}
    steps = post(url, "/completion", body | lora | more)["completion_probabilities"]
    chances = [{one["id"]: one["logprob"] for one in step["top_logprobs"]} for step in steps]
    return Written([step["id"] for step in steps], chances)


def reference(folder: Path, adapter: str, rows: Sequence[Sequence[int]]) -> dict[str, Any]:
    """What transformers and peft say of these rows, see reference.py."""
    program = Path(__file__).with_name("reference.py")
    places = (program, folder / "model", folder / "adapters" / adapter)
    argv = [sys.executable, *map(str, places)]
    done = subprocess.run(
        argv, input=json.dumps(rows), capture_output=True, text=True, check=True, cwd=ROOT
    )
    return dict(json.loads(done.stdout))


def far(answer: Written, rows: Sequence[Sequence[float]], prompt: Sequence[int]) -> list[float]:
    """The largest difference to a reference's log-probabilities, step by step."""
    expected = rows[len(prompt) - 1 :]
    return [
        max(abs(chance - row[token]) for token, chance in chances.items())
        for chances, row in zip(answer.chances, expected, strict=False)
    ]
