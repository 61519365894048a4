"""Packs the tiny model as GPTQ v1: 4 bits, act order, rounded to nearest."""

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

GROUP = 32
QUANTIZATION = {
    "bits": 4,
    "group_size": GROUP,
    "damp_percent": 0.1,
    "desc_act": True,
    "sym": True,
    "true_sequential": True,
    "model_name_or_path": None,
    "model_file_base_name": "model",
}


def make_gptq(
    model: Path, packed: Path, dequantised: Path, group: int = GROUP, act_order: bool = True
) -> None:
    """Write the GPTQ twin of a model, and the float twin that it stands for."""
    from safetensors.torch import load_file, save_file

    integers: dict[str, Tensor] = {}
    floats: dict[str, Tensor] = {}
    for name, tensor in load_file(model / "model.safetensors").items():
        if name.endswith("_proj.weight"):
            parts, floats[name] = quantise(
                tensor, _order(name, tensor.shape[1], group, act_order), group
            )
            integers |= {f"{name.removesuffix('weight')}{part}": t for part, t in parts.items()}
        else:
            integers[name] = tensor.half()
            floats[name] = tensor.half().float()
    for folder, tensors in ((packed, integers), (dequantised, floats)):
        shutil.copytree(model, folder)
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((packed / "config.json").read_text())
    config |= {"torch_dtype": "float16", "quantization_config": {"quant_method": "gptq"}}
    about = QUANTIZATION | {"group_size": group, "desc_act": act_order}
    config["quantization_config"] |= about
    (packed / "config.json").write_text(json.dumps(config, indent=2))
    (packed / "quantize_config.json").write_text(json.dumps(about, indent=2))


def _order(name: str, inputs: int, size: int, act_order: bool) -> "Tensor":
    """The group of each input. Layers with the same input have the same, as sequential
    quantisation gives it: servers make one layer of q, k and v, and one of gate and up."""
    import torch

    block, _, layer = name.removesuffix("_proj.weight").rpartition(".")
    which = {"q": 0, "k": 0, "v": 0, "o": 1, "gate": 2, "up": 2, "down": 3}[layer]
    number = int(block.split(".")[2])
    groups = torch.arange(inputs) // size
    if not act_order:
        return groups
    seeded = torch.Generator().manual_seed(4 * number + which)
    return groups[torch.randperm(inputs, generator=seeded)]


def quantise(weight: "Tensor", group: "Tensor", size: int) -> tuple[dict[str, "Tensor"], "Tensor"]:
    """GPTQ tensors of a weight, outputs x inputs, and the float32 weight that they stand for."""
    import torch

    inputs = weight.shape[1]
    columns = weight.t().contiguous()
    largest = torch.stack([columns[group == g].abs().amax(0) for g in range(inputs // size)])
    scales = (largest / 7).clamp(min=1e-8).half()
    values = (torch.round(columns / scales[group].float()) + 8).clamp(0, 15)
    zeros = torch.full(scales.shape, 7, dtype=torch.int64)  # 8, stored minus one
    parts = {
        "qweight": _pack(values.long().t()).t().contiguous(),
        "qzeros": _pack(zeros),
        "scales": scales,
        "g_idx": group.to(torch.int32),
    }
    return parts, ((values.half() - 8) * scales[group]).float().t().contiguous()


def _pack(values: "Tensor") -> "Tensor":
    """Eight numbers of 4 bits to one int32, along the last dimension, the first one lowest."""
    import torch

    shifts = torch.arange(0, 32, 4)
    words = (values.reshape(values.shape[0], -1, 8) << shifts).sum(-1)
    return torch.where(words >= 2**31, words - 2**32, words).to(torch.int32)
