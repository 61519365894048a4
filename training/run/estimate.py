"""What a run will need, before it starts: memory, disk and hours."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil
import torch

from localtgi.model.checkpoint import Checkpoint
from training.model.base import choose_dtype
from training.model.samples import Samples, padded_tokens
from training.run.options import Options

NF4_BITS = 4.127  # a weight, with its doubly quantised scales: arXiv 2305.14314, section 3
KEPT = 4  # checkpoints on the disk at most: the best, the two newest and one being written
PROBE = 64  # tokens of the first, cautious measurement
PATIENCE = 60.0  # seconds that a micro-batch may take to be measured itself


@dataclass(frozen=True)
class Pace:
    """Seconds for a token, forward and backward; `peak`: bytes on the GPU, None elsewhere.

    `whole` is False when only a short piece was measured, because a micro-batch takes minutes.
    """

    seconds_per_token: float
    peak: int | None
    whole: bool


@dataclass(frozen=True)
class Work:
    """Tokens with padding of an epoch and of one evaluation, steps, evaluations of the run."""

    epoch_tokens: int
    evaluation_tokens: int
    steps: int
    evaluations: int

    def seconds(self, pace: Pace, epochs: int, done: int = 0) -> float:
        """The time from step `done` on; an evaluation has no way back, a third of the work."""
        learning = self.epoch_tokens * epochs
        watching = self.evaluation_tokens * self.evaluations / 3
        left = 1 - done / self.steps
        return (learning + watching) * pace.seconds_per_token * left


def work(options: Options, train: Samples, held_out: Samples) -> Work:
    """Count what there is to do."""
    steps, every = options.steps(len(train)), options.every(len(train))
    return Work(
        padded_tokens(train.lengths, options.batch, random.Random(0)),
        padded_tokens(held_out.lengths, options.batch, random.Random(0)),
        steps,
        1 + -(-steps // every),  # the first one is of the base
    )


def adapter_numbers(config: Any, rank: int) -> int:
    """The numbers of a LoRA of rank `rank` on the query projections of every layer."""
    hidden = config["hidden_size"]
    return int(config["num_hidden_layers"]) * rank * 2 * int(hidden)


def disk(options: Options, config: Any, tokenizer_bytes: int) -> int:
    """Bytes on the disk: checkpoints with Adam's two moments, the adapter, 10 MB for the rest."""
    adapter = 4 * adapter_numbers(config, options.rank)
    return KEPT * (3 * adapter + 2 * tokenizer_bytes + 1_000_000) + 2 * adapter + 10_000_000


def memory(base: Checkpoint, options: Options, tokens: int) -> dict[str, int]:
    """Bytes by what they are for, at the largest micro-batch, which has so many tokens.

    Counted from transformers' MistralDecoderLayer the way arXiv 2205.05198 counts: a layer keeps
    6 hidden states, 2 of keys and values and 4 of the MLP for each token; with checkpointing (on a
    GPU) one hidden state a layer and all of one layer with its gradients; on a CPU all of them.
    LoRA adds float32 copies of its input, and 16 bytes a number: weight, gradient, Adam's moments.
    """
    config, on_gpu = base.config, options.device != "cpu"
    size = choose_dtype(options.device).itemsize
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    heads = config["num_attention_heads"]
    keys = hidden * config.get("num_key_value_heads", heads) // heads
    layers = config["num_hidden_layers"]
    layer = tokens * ((6 * hidden + 2 * keys + 4 * inner) * size + 9 * hidden)
    kept = layers * tokens * hidden * size + 2 * layer if on_gpu else layers * layer
    # The logits, and on the way to the loss their float32 copy, its log-softmax and two gradients.
    logits = tokens * config["vocab_size"] * (2 * size + 12)
    return {
        "weights": _weights(base, options.base, size),
        "adapter": 16 * adapter_numbers(config, options.rank),
        "activations": kept,
        "one layer unpacked": _unpacked(options.base, hidden * inner, size),
        "logits": logits,
    }


def _weights(base: Checkpoint, kind: str, size: int) -> int:
    if kind != "nf4":
        return base.bytes_needed(size)
    packed = [t for name, t in base.tensors.items() if name.endswith("_proj.weight")]
    bits = sum(int(t.elements * NF4_BITS) for t in packed)
    elements = sum(t.elements for t in base.tensors.values()) - sum(t.elements for t in packed)
    return bits // 8 + elements * size


def _unpacked(kind: str, largest: int, size: int) -> int:
    """The work of gptq.unpack: int32 nibbles, three float16 arrays, a copy in our type."""
    return {"gptq": largest * (4 + 3 * 2 + size), "nf4": largest * size, "fp16": 0}[kind]


def free_memory(device: str) -> int:
    """Bytes that are free on the device."""
    if device == "cpu":
        return int(psutil.virtual_memory().available)
    return int(torch.cuda.mem_get_info()[0])


def measure(
    model: Any, collate: Callable[[list[Any]], Any], samples: Samples, options: Options
) -> Pace:
    """Run a few micro-batches forward and backward; nothing of the model is changed by it."""
    order = sorted(range(len(samples)), key=lambda place: len(samples.ids[place]))
    shortest = samples[order[0]]
    probe = {key: values[-PROBE:] for key, values in shortest.items()}
    device, on_gpu = torch.device(options.device), options.device != "cpu"
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    with torch.random.fork_rng([torch.cuda.current_device()] if on_gpu else []):
        for _ in range(2):  # the first one warms up
            seconds, tokens = _pass(model, collate([probe]), device)
        mean = options.batch * samples.tokens // len(samples)
        whole = seconds / tokens * mean <= PATIENCE
        if whole:
            if on_gpu:
                _pass(model, collate([samples[place] for place in order[-options.batch :]]), device)
            seconds, tokens = _typical(model, collate, samples, order, options.batch, device)
    model.zero_grad(set_to_none=True)
    peak = torch.cuda.max_memory_allocated() if on_gpu else None
    return Pace(seconds / tokens, peak, whole)


def _typical(
    model: Any, collate: Any, samples: Samples, order: list[int], batch: int, device: torch.device
) -> tuple[float, int]:
    """Seconds and tokens of three micro-batches, each with rows of every length."""
    stride = max(1, len(order) // batch)
    starts = (stride // 4, stride // 2, 3 * stride // 4)
    timed = [
        _pass(model, collate([samples[p] for p in order[start::stride][:batch]]), device)
        for start in starts
    ]
    return sum(seconds for seconds, _ in timed), sum(tokens for _, tokens in timed)


def _pass(model: Any, batch: Any, device: torch.device) -> tuple[float, int]:
    inputs = {name: tensor.to(device) for name, tensor in batch.items()}
    started = time.perf_counter()
    model(**inputs).loss.backward()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started, inputs["input_ids"].numel()
