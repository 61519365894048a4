"""What a run was made of and what came of it, for whoever wants to make it again."""

import hashlib
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from indexer.sync.documents import digest
from localtgi.model.checkpoint import Checkpoint
from training.data.report import EVAL, TRAIN
from training.model.adapter_files import WEIGHTS
from training.model.base import choose_dtype
from training.run.checkpoints import evaluations
from training.run.runs import Event

PACKAGES = ("torch", "transformers", "peft", "accelerate", "safetensors", "tokenizers")
UNDER = {"nf4": ("bitsandbytes",)}  # what packs the weights of a base
POINTS = 20  # of the curve


def data_digests(data: Path) -> dict[str, str]:
    """SHA-256 of the rows to learn from and of the held-out ones."""
    return {name: digest(data / name) for name in (TRAIN, EVAL)}


def base_digest(base: Checkpoint) -> str:
    """SHA-256 over the names and the SHA-256 of the files that a base model consists of."""
    sha = hashlib.sha256()
    for path in (base.folder / "config.json", base.folder / "tokenizer.json", *base.files):
        sha.update(f"{path.name} {digest(path)}\n".encode())
    return sha.hexdigest()


def make_manifest(
    settings: dict[str, Any],
    counts: dict[str, dict[str, int]],
    state: dict[str, Any],
    adapter: Path,
    log: list[Event],
) -> dict[str, Any]:
    """The record of a run that has ended; `state` is the trainer's at its end."""
    losses = dict(evaluations(state["log_history"]))
    best = min(losses, key=lambda step: losses[step])
    return {
        "base": Path(settings["model"]).name,
        "base_sha256": settings["model_sha256"],
        "data_sha256": settings["data_sha256"],
        "counts": counts,
        "settings": settings,
        "device": _device_name(settings["device"]),
        "dtype": str(choose_dtype(settings["device"])).removeprefix("torch."),
        "adapter_dtype": "float32",
        "versions": versions(settings["base"]),
        "steps": state["global_step"],
        "seconds": log[-1]["seconds"] if log else None,  # a power cut may take the log
        "base_eval_loss": next((e["eval_loss"] for e in log if e["step"] == 0), None),
        "best_step": best,
        "best_eval_loss": losses[best],
        "curve": _curve(state["log_history"]),
        "adapter_sha256": digest(adapter / WEIGHTS),
    }


def versions(base: str) -> dict[str, str]:
    """Of Python and of the packages that the adapter's bytes depend on."""
    return {"python": platform.python_version()} | {
        name: metadata.version(name) for name in (*PACKAGES, *UNDER.get(base, ()))
    }


def _device_name(device: str) -> str:
    return torch.cuda.get_device_name() if device == "cuda" else f"cpu ({platform.machine()})"


def _curve(history: list[dict[str, Any]]) -> dict[str, Any]:
    """Some of the train losses, and all of the held-out ones, as [step, loss]."""
    learned = [[event["step"], event["loss"]] for event in history if "loss" in event]
    stride = max(1, -(-len(learned) // POINTS))
    held_out = [[step, round(loss, 4)] for step, loss in evaluations(history)]
    return {"loss": learned[::stride], "eval_loss": held_out}
