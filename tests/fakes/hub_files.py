"""Small repositories of the kind that opsctl downloads, for the fake Hub."""

import json
from typing import Any

MODEL = "TheBloke/Mistral-7B-Instruct-v0.2-GPTQ"
MODEL_BRANCH = "gptq-4bit-32g-actorder_True"
ADAPTER = "ggeorge/qlora-mistral-hackatone-yandexq"
EMBEDDER = "cointegrated/LaBSE-en-ru"
LAYERS, HIDDEN, RANK = 2, 16, 8
NAME = "base_model.model.model.layers.{}.self_attn.q_proj.lora_{}.weight"

Files = dict[str, bytes]


def model(weights: int = 40_000, **changes: Any) -> Files:
    """A GPTQ model's files; the weights are so many bytes of a pattern that no cut repeats."""
    quantization = {
        "bits": 4, "group_size": 32, "desc_act": True, "sym": True, "quant_method": "gptq",
    }  # fmt: skip
    quantization |= {key: changes.pop(key) for key in list(changes) if key in quantization}
    config = {
        "model_type": "mistral", "num_hidden_layers": LAYERS, "hidden_size": HIDDEN,
        "sliding_window": None, "quantization_config": quantization,
    } | changes  # fmt: skip
    return {
        ".gitattributes": b"*.safetensors filter=lfs\n",
        "README.md": b"# A model\n",
        "config.json": as_json(config),
        "generation_config.json": as_json({"eos_token_id": 2}),
        "tokenizer.json": as_json({"version": "1.0"}),
        "tokenizer.model": b"\x0a\x0e pieces",
        "model.safetensors": safetensors(weights),
    }


def safetensors(size: int) -> bytes:
    """A file of so many bytes in all, with one tensor."""
    length = 96  # of a header that is padded with blanks, as it may be
    data = size - 8 - length
    tensor = {"dtype": "U8", "shape": [data], "data_offsets": [0, data]}
    header = json.dumps({"weight": tensor}).encode().ljust(length)
    return length.to_bytes(8, "little") + header + pattern(data)


def adapter(
    rank: int = RANK, layers: int = LAYERS, hidden: int = HIDDEN, fill: float = 0.5
) -> Files:
    """A LoRA adapter in float32; `fill` is every number of B."""
    import numpy as np
    from safetensors.numpy import save

    tensors: dict[str, Any] = {}
    for layer in range(layers):
        tensors[NAME.format(layer, "A")] = np.full((rank, hidden), 0.25, np.float32)
        tensors[NAME.format(layer, "B")] = np.full((hidden, rank), fill, np.float32)
    return {
        ".gitattributes": b"*.safetensors filter=lfs\n",
        "README.md": b"# An adapter\n",
        "adapter_config.json": adapter_config(rank),
        "adapter_model.safetensors": save(tensors, {"format": "pt"}),
    }


def adapter_config(rank: int = RANK, **changes: object) -> bytes:
    """The configuration as a newer peft writes it, with keys that the server's does not know."""
    config = {
        "base_model_name_or_path": MODEL, "peft_type": "LORA", "task_type": "CAUSAL_LM",
        "r": rank, "lora_alpha": 32, "lora_dropout": 0.05, "target_modules": ["q_proj"],
        "bias": "none", "inference_mode": True, "corda_config": None,
        "trainable_token_indices": None,
    }  # fmt: skip
    return as_json(config | changes)


def embedder() -> Files:
    """A sentence-transformers model in all the formats that such repositories hold."""
    return {
        "README.md": b"# An embedder\n",
        "config.json": as_json({"model_type": "bert"}),
        "modules.json": as_json([{"idx": 0, "path": ""}]),
        "1_Pooling/config.json": as_json({"word_embedding_dimension": 8}),
        "2_Dense/pytorch_model.bin": b"dense weights",
        "vocab.txt": "да\nнет\n".encode(),
        "model.safetensors": pattern(9_000),
        "pytorch_model.bin": b"the same weights in another format",
        "tf_model.h5": b"and in a third",
        "onnx/model.onnx": b"and in a fourth",
        "onnx/config.json": b"{}",
        "openvino/openvino_model.bin": b"and in a fifth",
    }


def pattern(size: int) -> bytes:
    """Bytes in which every place is different from its neighbourhood."""
    words = b"".join(number.to_bytes(4, "little") for number in range(1 << 16))
    return (words * (size // len(words) + 1))[:size]


def as_json(value: object) -> bytes:
    return json.dumps(value, indent=2).encode()
