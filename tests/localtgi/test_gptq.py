"""GPTQ checkpoints: read right, served right, trainable; and servers agree with transformers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.localtgi.conftest import KEY, Servers
from tests.localtgi.server import Server, ids, logprobs

PROMPT = "[INST] Где указан срок действия паспорта? [/INST]"
HEADERS = {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"}


def dequantise(parts: dict[str, Any], layer: str, zeros: Any = None) -> Any:
    """The weights of a layer, outputs x inputs, one number at a time."""
    qweight, scales, g_idx = (parts[f"{layer}.{name}"] for name in ("qweight", "scales", "g_idx"))
    qzeros = np.array(parts[f"{layer}.qzeros"] if zeros is None else zeros, dtype=np.int32)
    weight = np.zeros((qweight.shape[1], len(g_idx)), dtype=np.float16)
    for row, group in enumerate(g_idx):
        for column in range(qweight.shape[1]):
            value = int(qweight[row // 8, column]) >> 4 * (row % 8) & 15
            zero = (int(qzeros[group, column // 8]) >> 4 * (column % 8) & 15) + 1
            weight[column, row] = np.float16(value - zero) * scales[group, column]
    return weight


def test_weights_are_unpacked_as_the_format_says(tiny: Path, torch_report: Any) -> None:
    parts = load_file(tiny / "model-gptq" / "model.safetensors")
    layer = "model.layers.1.mlp.down_proj"
    assert sorted(parts[f"{layer}.g_idx"]) != list(parts[f"{layer}.g_idx"])  # act order
    found = torch_report["unpacked"]
    assert np.array_equal(np.float16(found["weight"]), dequantise(parts, layer))
    zeros = found["asymmetric_zeros"]
    assert np.array_equal(np.float16(found["asymmetric"]), dequantise(parts, layer, zeros))


def test_the_weights_stay_packed(tiny: Path, torch_report: Any) -> None:
    stored = load_file(tiny / "model-gptq" / "model.safetensors")
    names = ("qweight", "qzeros", "scales", "g_idx")
    packed = sum(part.nbytes for name, part in stored.items() if name.endswith(names))
    indices = sum(part.nbytes for name, part in stored.items() if name.endswith("g_idx"))
    assert torch_report["packed_bytes"] == packed + indices  # which are 64-bit in memory


def test_an_older_checkpoint_is_known_by_its_quantize_config(torch_report: Any) -> None:
    assert torch_report["older"]


def test_a_layer_of_another_shape_is_refused(torch_report: Any) -> None:
    layer = "model.layers.1.mlp.down_proj"
    assert torch_report["halved"] == [
        f"{layer}.qweight has the shape (16, 32) where the model has (16, 64)",
        f"{layer}.qzeros has the shape (4, 4) where the model has (4, 8)",
        f"{layer}.scales has the shape (4, 32) where the model has (4, 64)",
    ]


def test_a_packed_layer_is_a_linear_layer(torch_report: Any) -> None:
    layer = torch_report["layer"]
    assert layer["gradient"] > 0.1
    assert layer["forward"] < 1e-4 and layer["backward"] < 1e-3
    assert torch_report["bias"] == list(range(8))


def test_peft_trains_an_adapter_on_packed_weights(torch_report: Any) -> None:
    lora = torch_report["lora"]
    assert lora["kind"] == "peft.tuners.lora.layer.Linear"
    assert lora["base"] == "GPTQLinear"
    assert lora["losses"][-1] < lora["losses"][0] - 0.1
    assert lora["base_unchanged"]


def test_a_served_gptq_model_answers_as_its_float_twin(servers: Servers, torch_report: Any) -> None:
    answer = servers.gptq.generate(PROMPT, HEADERS, max_new_tokens=24)
    assert ids(answer) == torch_report["twin"]["ids"]
    assert logprobs(answer) == pytest.approx(torch_report["twin"]["logprobs"], abs=1e-4)


def test_a_served_adapter_answers_as_transformers_and_peft(
    server: Server, torch_report: Any
) -> None:
    answer = server.generate(PROMPT, max_new_tokens=24, adapter_id="loud")
    assert ids(answer) == torch_report["loud"]["ids"]
    assert logprobs(answer) == pytest.approx(torch_report["loud"]["logprobs"], abs=1e-4)
