"""Copies of the tiny models with what is wrong, or old, in checkpoints that people have."""

import json
import re
import shutil
from pathlib import Path
from typing import Any


def make_faulty(model: Path, folder: Path) -> None:
    """Write a model that overflows on Latin letters, and whose tokenizer.json cuts and fills."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(model, folder)
    file = folder / "tokenizer.json"
    tokenizer = json.loads(file.read_text())
    vocabulary = tokenizer["model"]["vocab"]
    latin = [id for token, id in vocabulary.items() if re.fullmatch("▁?[a-z]+", token)]
    cut = {"direction": "Right", "max_length": 8, "strategy": "LongestFirst", "stride": 0}
    fill = {
        "strategy": {"Fixed": 6},
        "direction": "Right",
        "pad_to_multiple_of": None,
        "pad_id": 2,
        "pad_type_id": 0,
        "pad_token": "</s>",
    }
    file.write_text(json.dumps(tokenizer | {"truncation": cut, "padding": fill}))
    weights = load_file(folder / "model.safetensors")
    weights["model.embed_tokens.weight"][latin] = float("nan")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def make_older(packed: Path, folder: Path) -> Path:
    """Write a GPTQ model as AutoGPTQ did: config.json does not say that it is one."""
    shutil.copytree(packed, folder)
    config = json.loads((folder / "config.json").read_text())
    del config["quantization_config"]
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def make_halved(packed: Path, folder: Path, parts: tuple[str, ...]) -> Path:
    """Write a GPTQ model in which some tensors of a layer have half their columns."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(packed, folder)
    weights: dict[str, Any] = load_file(folder / "model.safetensors")
    for part in parts:
        name = f"model.layers.1.mlp.down_proj.{part}"
        weights[name] = weights[name][:, : weights[name].shape[1] // 2].contiguous()
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder
