"""GPTQ v1 checkpoints of 4 bits with torch alone: any group size, act order or not.

The format: 8 nibbles to an int32, of `qweight` along the inputs and of `qzeros` along the outputs;
`g_idx` names the group of each input; zeros are stored minus one
(github.com/AutoGPTQ/AutoGPTQ, qlinear_cuda_old.py). Weights stay packed; each forward and each
backward unpacks one layer at a time, so a LoRA adapter can be trained on top. Packed for a CPU's
kernel as well, a layer leaves few rows to it: the steps of an answer, short prompts.
"""

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import Any

import torch
import transformers
from accelerate import init_empty_weights
from safetensors import safe_open
from torch import Tensor, nn
from transformers import PreTrainedModel

from localtgi.model import int4
from localtgi.model.checkpoint import BITS, Checkpoint
from localtgi.model.errors import StartError
from localtgi.model.packing import Packing

PER_INT = 32 // BITS
COLUMNS = 512  # outputs that a CPU unpacks at a time: its caches hold them
FEW = 256  # rows up to which the kernel is quicker than to unpack and to multiply in float32
_hf: Any = transformers  # parts of it have no types


def unpack(qweight: Tensor, qzeros: Tensor, scales: Tensor, g_idx: Tensor) -> Tensor:
    """The weights, inputs x outputs, in the type of the scales."""
    shifts = torch.arange(0, 32, BITS, dtype=torch.int32, device=qweight.device)
    zeros = (qzeros[:, :, None] >> shifts).bitwise_and_(15).flatten(1).add_(1).to(scales.dtype)
    weight = scales.new_empty(len(qweight), PER_INT, qweight.shape[1])
    for place in range(PER_INT):
        weight[:, place] = (qweight >> place * BITS).bitwise_and_(15)
    # Not by [g_idx], which is slower on a CPU.
    return (
        weight.flatten(0, 1).sub_(zeros.index_select(0, g_idx)).mul_(scales.index_select(0, g_idx))
    )


def _parts(
    qweight: Tensor, qzeros: Tensor, scales: Tensor, g_idx: Tensor
) -> Iterator[tuple[slice, Tensor]]:
    """The unpacked weights of some outputs after the others on a CPU, of all at once on a GPU."""
    outputs = qweight.shape[1]
    step = COLUMNS if qweight.device.type == "cpu" else outputs
    for start in range(0, outputs, step):
        part, words = slice(start, start + step), slice(start // PER_INT, (start + step) // PER_INT)
        yield part, unpack(qweight[:, part], qzeros[:, words], scales[:, part], g_idx)


class _PackedMatmul(torch.autograd.Function):
    """x @ weights; only the packed weights are kept for the way back."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, *packed: Tensor) -> Tensor:
        ctx.save_for_backward(*packed)
        return torch.cat([x @ part.to(x.dtype) for _, part in _parts(*packed)], -1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        grad = grads[0]
        parts = _parts(*ctx.saved_tensors)
        back = sum(grad[..., part] @ weight.to(grad.dtype).t() for part, weight in parts)
        return back, None, None, None, None  # type: ignore[return-value]


class GPTQLinear(nn.Linear):
    """A linear layer of packed weights. It is an nn.Linear, so peft wraps it like any other."""

    qweight: Tensor
    qzeros: Tensor
    scales: Tensor
    g_idx: Tensor

    def __init__(self, packed: Mapping[str, Tensor], bias: Tensor | None) -> None:
        nn.Module.__init__(self)
        self.in_features = packed["qweight"].shape[0] * PER_INT
        self.out_features = packed["qweight"].shape[1]
        for name in ("qweight", "qzeros", "scales"):
            self.register_buffer(name, packed[name])
        self.register_buffer("g_idx", packed["g_idx"].long())
        self.register_buffer("bias", bias)
        self.for_kernel: int4.Packed = {}

    @property
    def weight(self) -> Tensor:  # type: ignore[override]
        """The unpacked weights, outputs x inputs, made again at each call."""
        return unpack(*self.packed).t()

    @property
    def packed(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What `unpack` takes."""
        return self.qweight, self.qzeros, self.scales, self.g_idx

    def forward(self, x: Tensor) -> Tensor:
        """Multiply `x` by the weights, in the type of `x`."""
        if self.for_kernel and x.numel() <= FEW * self.in_features:
            result = int4.multiply(x, **self.for_kernel)
        else:
            result = _PackedMatmul.apply(x, *self.packed)  # type: ignore[no-untyped-call]
        return result if self.bias is None else result + self.bias.to(x.dtype)


def load(
    checkpoint: Checkpoint,
    dtype: torch.dtype,
    device: torch.device,
    packing: Packing | None = None,
) -> PreTrainedModel:
    """Load a GPTQ model, frozen; with a `packing`, for the kernel of the CPU.

    Each tensor goes from the file to the device at once.
    """
    config = _hf.AutoConfig.from_pretrained(checkpoint.folder, trust_remote_code=False)
    vars(config).pop("quantization_config", None)  # older ones have a file of their own for it
    with init_empty_weights(include_buffers=False):
        model: Any = _hf.AutoModelForCausalLM.from_config(config, dtype=dtype)
    weights = _Weights(checkpoint, dtype, device)
    with packing.kept() if packing else nullcontext():
        for layer in weights.layers():
            parent, _, name = layer.rpartition(".")
            packed = weights.linear(layer)
            _check_shapes(layer, packed, model.get_submodule(layer))
            if packing:
                packed.for_kernel = packing.layer(layer, packed.packed)
            setattr(model.get_submodule(parent), name, packed)
    model.load_state_dict(weights.others(), strict=False, assign=True)
    model.tie_weights()
    empty = [name for name, weight in model.named_parameters() if weight.is_meta]
    if empty:
        raise StartError(f"{checkpoint.folder} has no weights for {empty[0]}")
    model.requires_grad_(False)
    model.eval()
    loaded: PreTrainedModel = model.to(device)  # for the buffers that are in no file
    return loaded


def _check_shapes(layer: str, packed: GPTQLinear, replaced: nn.Module) -> None:
    """Raise StartError if packed weights are not those of the layer that they replace."""
    if not isinstance(replaced, nn.Linear):  # Conv1D of GPT-2
        return
    inputs, outputs, groups = replaced.in_features, replaced.out_features, len(packed.scales)
    shapes = {
        "qweight": (inputs // PER_INT, outputs),
        "qzeros": (groups, outputs // PER_INT),
        "scales": (groups, outputs),
        "g_idx": (inputs,),
    }
    for name, shape in shapes.items():
        found = tuple(packed.get_buffer(name).shape)
        if found != shape:
            raise StartError(f"{layer}.{name} has the shape {found} where the model has {shape}")


class _Weights:
    """The tensors of the files, each read when it is asked for."""

    def __init__(self, checkpoint: Checkpoint, dtype: torch.dtype, device: torch.device) -> None:
        self.dtype = dtype
        self.where: dict[str, Any] = {}
        for path in checkpoint.files:
            file: Any = safe_open(path, framework="pt", device=str(device))
            self.where.update(dict.fromkeys(file.keys(), file))

    def layers(self) -> list[str]:
        return [name.removesuffix(".qweight") for name in self.where if name.endswith(".qweight")]

    def linear(self, layer: str) -> GPTQLinear:
        parts = ("qweight", "qzeros", "scales", "g_idx", "bias")
        found = {
            part: self.where.pop(f"{layer}.{part}").get_tensor(f"{layer}.{part}")
            for part in parts
            if f"{layer}.{part}" in self.where
        }
        bias = found.pop("bias", None)
        if len(found) < 4:
            missing = ", ".join(part for part in parts[:4] if part not in found)
            raise StartError(f"the GPTQ layer {layer} has no {missing}")
        # Some files hold a bias of zeros for layers that have none.
        return GPTQLinear(found, bias if bias is not None and bias.any() else None)

    def others(self) -> dict[str, Tensor]:
        tensors = {name: file.get_tensor(name) for name, file in self.where.items()}
        return {
            name: t.to(self.dtype) if t.is_floating_point() else t for name, t in tensors.items()
        }
