"""GGUF files of a few kilobytes, and adapters for them as peft writes theirs."""

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from safetensors.numpy import save_file

WIDTH, HEADS, KEY_HEADS, RANK = 32, 4, 2, 2
MATRICES = {
    "attn_q": (WIDTH, WIDTH),
    "attn_k": (WIDTH // 2, WIDTH),
    "attn_v": (WIDTH // 2, WIDTH),
    "ffn_up": (2 * WIDTH, WIDTH),
}
MODULES = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "ffn_up": "mlp.up_proj",
}


def model(
    path: Path, layers: int = 2, name: str = "llama", template: str = "{{ messages }}", **more: int
) -> Path:
    """A model that says so many layers, and has as many or `stored`; no server would run it."""
    writer = gguf.GGUFWriter(path, name)
    writer.add_block_count(layers)
    writer.add_context_length(more.get("context", 512))
    writer.add_embedding_length(WIDTH)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_HEADS)
    writer.add_token_list(["<unk>", "а", "б"])
    if template:
        writer.add_chat_template(template)
    for layer in range(more.get("stored", layers)):
        for short, shape in MATRICES.items():
            writer.add_tensor(f"blk.{layer}.{short}.weight", np.zeros(shape, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def adapter(
    folder: Path, modules: tuple[str, ...] = ("attn_q",), layers: int = 2, **config: Any
) -> Path:
    """An adapter of these parts, every number another."""
    folder.mkdir(parents=True)
    told = {"r": RANK, "lora_alpha": 8, "peft_type": "LORA", "bias": "none"} | config
    (folder / "adapter_config.json").write_text(json.dumps(told))
    save_file(tensors(modules, layers), folder / "adapter_model.safetensors")
    return folder


def tensors(modules: tuple[str, ...], layers: int = 2) -> dict[str, Any]:
    """The matrices by peft's names."""
    made = {}
    for layer in range(layers):
        for number, short in enumerate(modules):
            rows, width = MATRICES[short]
            place = f"base_model.model.model.layers.{layer}.{MODULES[short]}"
            start = 10000 * layer + 1000 * number
            made[f"{place}.lora_A.weight"] = numbers(RANK, width, start)
            made[f"{place}.lora_B.weight"] = numbers(rows, RANK, start + 500)
    return made


def numbers(rows: int, columns: int, start: int) -> Any:
    return np.arange(start, start + rows * columns, dtype=np.float32).reshape(rows, columns)
