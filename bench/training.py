"""QLoRA of a model of Mistral-7B's shape, packed as GPTQ, random weights: bench/training.py.

On an NVIDIA GPU: peak memory, tokens a second, hours for an epoch, the packed layer beside a plain
one. --tiny runs the same code with a tiny shape, also on a CPU.
"""

import argparse
import math
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
import transformers
from accelerate import init_empty_weights
from torch import Tensor, nn

from localtgi.model.checkpoint import Checkpoint, Stored
from localtgi.model.gptq import PER_INT, GPTQLinear
from training.model.base import choose_dtype
from training.model.encode import IGNORED
from training.run.estimate import memory
from training.run.options import Options
from training.run.train import add_adapter

ROWS, ROW_TOKENS = 24_092, 800  # the published set, with an assumed mean
GROUP = 32
STORED = {torch.float16: "F16", torch.bfloat16: "BF16", torch.float32: "F32"}
SHAPE: dict[str, Any] = {
    "vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 14336,
    "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
    "max_position_embeddings": 32768, "sliding_window": None,
}  # fmt: skip
TINY = {
    **SHAPE,
    "vocab_size": 600, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2,
}  # fmt: skip
_hf: Any = transformers  # parts of it have no types


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="a tiny shape, also on a CPU")
    parser.add_argument("--length", type=int, default=2048)
    parser.add_argument("--steps", type=int, default=3, help="optimizer steps to time")
    args = parser.parse_args()
    if not args.tiny and not torch.cuda.is_available():
        parser.error("there is no CUDA device here; --tiny runs the same code on the CPU")
    return args


def pack(inputs: int, outputs: int, device: str) -> GPTQLinear:
    """A packed layer of random weights in act order, of the size of trained ones."""
    groups = inputs // GROUP

    def integers(*shape: int) -> Tensor:
        return torch.randint(-(2**31), 2**31, shape, dtype=torch.int64, device=device).int()

    scale = 0.02 / 4.6  # 4.6: the spread of the numbers 0 to 15
    packed = {
        "qweight": integers(inputs // PER_INT, outputs),
        "qzeros": torch.full((groups, outputs // PER_INT), 0x77777777, device=device).int(),
        "scales": torch.full((groups, outputs), scale, dtype=torch.float16, device=device),
        "g_idx": (torch.arange(inputs, device=device) // GROUP)[torch.randperm(inputs)],
    }
    return GPTQLinear(packed, None)


def make_model(shape: dict[str, Any], device: str) -> Any:
    """A frozen model whose linear layers are packed, as localtgi.model.gptq.load makes it."""
    with init_empty_weights(include_buffers=False):
        model = _hf.MistralForCausalLM._from_config(
            _hf.MistralConfig(**shape), dtype=choose_dtype(device)
        )
    for name, layer in list(model.named_modules()):
        if name.endswith("_proj"):
            parent, _, last = name.rpartition(".")
            packed = pack(layer.in_features, layer.out_features, device)
            setattr(model.get_submodule(parent), last, packed)
    for name, weight in list(model.named_parameters()):
        parent, _, last = name.rpartition(".")
        value = torch.empty(weight.shape, dtype=weight.dtype, device=device)
        value = value.fill_(1.0) if "norm" in name else value.normal_(std=0.02)
        setattr(model.get_submodule(parent), last, nn.Parameter(value, requires_grad=False))
    return model.to(device)


def step(model: Any, optimizer: Any, options: Options, device: str) -> None:
    """An optimizer step on random tokens; half of each row is an answer."""
    shape = (options.batch, options.length)
    for _ in range(options.accumulate):
        ids = torch.randint(3, model.config.vocab_size, shape, device=device)
        labels = ids.clone()
        labels[:, : options.length // 2] = IGNORED
        (model(input_ids=ids, labels=labels).loss / options.accumulate).backward()
    torch.nn.utils.clip_grad_norm_((p for p in model.parameters() if p.requires_grad), 1.0)
    optimizer.step()
    optimizer.zero_grad()


def seconds(work: Callable[[], object], times: int, device: str) -> float:
    """The mean time of some runs, after one that warms up."""
    started = 0.0
    for number in range(times + 1):
        if number == 1:
            started = time.perf_counter()
        work()
        if device == "cuda":
            torch.cuda.synchronize()
    return (time.perf_counter() - started) / times


def time_steps(
    model: Any, optimizer: Any, options: Options, steps: int, device: str
) -> tuple[Options, float]:
    """Seconds of a step, with the largest micro-batch that fits; 32 rows a step in any case."""
    while True:
        try:
            work = partial(step, model, optimizer, options, device)
            return options, seconds(work, steps, device)
        except torch.OutOfMemoryError:
            if options.batch == 1:
                raise
        model.zero_grad(set_to_none=True)
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        halved = {"batch": options.batch // 2, "accumulate": options.accumulate * 2}
        options = Options(**options.frozen() | halved)
        print(f"no memory: trying {options.batch} x {options.accumulate}", file=sys.stderr)


def checkpoint(model: Any) -> Checkpoint:
    """The model as training.run.estimate is told of one."""
    tensors = {
        name: Stored(STORED.get(t.dtype, "I32"), t.numel(), t.numel() * t.element_size())
        for name, t in model.state_dict().items()
    }
    return Checkpoint(Path(), model.config.to_dict(), (), tensors)


def bench_model(args: argparse.Namespace, device: str) -> None:
    """Print what a run of the published settings takes."""
    length = 64 if args.tiny else args.length
    options = Options(length=length, device=device)
    model = make_model(TINY if args.tiny else SHAPE, device)
    described = checkpoint(model)
    model = add_adapter(model, options)
    optimizer = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), options.lr)
    options, taken = time_steps(model, optimizer, options, args.steps, device)
    tokens = options.batch * options.accumulate * length / taken
    print(f"micro-batch {options.batch} x {options.accumulate}, {length} tokens a row")
    print(f"{tokens:,.0f} tokens/s; a step takes {taken:.2f} s")
    hours = ROWS * ROW_TOKENS / tokens / 3600
    print(f"{hours:.2f} h for an epoch of {ROWS:,} rows of {ROW_TOKENS} tokens")
    parts = memory(described, options, options.batch * length)
    amounts = ", ".join(f"{name} {amount / 2**30:.2f}" for name, amount in parts.items())
    print(f"memory by the estimate: {sum(parts.values()) / 2**30:.2f} GiB: {amounts}")
    if device == "cuda":
        print(f"memory at its peak: {torch.cuda.max_memory_allocated() / 2**30:.2f} GiB")


def bench_layer(inputs: int, outputs: int, rows: int, device: str) -> None:
    """Print the time of a packed layer, forward and backward, beside a plain one."""
    dtype = torch.float16 if device == "cuda" else torch.float32
    packed = pack(inputs, outputs, device)
    plain = nn.Linear(inputs, outputs, bias=False, dtype=dtype, device=device).requires_grad_(False)
    x = torch.randn(rows, inputs, dtype=dtype, device=device, requires_grad=True)
    grad = torch.randn(rows, outputs, dtype=dtype, device=device)
    times = [seconds(partial(_both_ways, layer, x, grad), 10, device) for layer in (packed, plain)]
    names = f"{inputs} -> {outputs}, {rows:,} tokens"
    print(f"{names}: packed {1000 * times[0]:.2f} ms, plain {dtype} {1000 * times[1]:.2f} ms,"
          f" {times[0] / times[1]:.2f} times".replace("torch.", ""))  # fmt: skip


def _both_ways(layer: nn.Module, x: Tensor, grad: Tensor) -> None:
    layer(x).backward(grad)


def main() -> None:
    """Run it all."""
    args = parse()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    name = torch.cuda.get_device_name() if device == "cuda" else "cpu"
    print(f"{name}, torch {torch.__version__}, {choose_dtype(device)}".replace("torch.", ""))
    bench_model(args, device)
    shape = TINY if args.tiny else SHAPE
    hidden, inner = int(shape["hidden_size"]), int(shape["intermediate_size"])
    tokens = 128 if args.tiny else 8 * args.length
    for rows in (tokens, math.ceil(tokens / 8)):
        for inputs, outputs in ((hidden, hidden), (hidden, inner), (inner, hidden)):
            bench_layer(inputs, outputs, rows, device)


if __name__ == "__main__":
    main()
