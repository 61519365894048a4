"""Runs TGI's real Python code without and with deploy/tgi_shim, on a CPU, and prints what happens.

    git clone --depth 1 --branch v3.3.7 https://github.com/huggingface/text-generation-inference tgi
    .venv/bin/python tests/deploy/prove_tgi_shim.py tgi/server

Real: TGI's GPTQ layers, LoRA loader and batches, torch and peft. Stand-ins: what a CPU cannot run
(kernels), what git does not hold (generated protobuf), loguru and outlines. Two layers are made
without their constructor, which asks for a GPU. Nothing is computed with a kernel. The exit code
is 0 when everything fails without the shim and holds with it.
"""

import importlib
import itertools
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

SHIM = Path(__file__).parents[2] / "deploy" / "tgi_shim"
TGI = "text_generation_server"
ABSENT = ["loguru", "kernels", "triton", "triton.language", "exllamav2", "exllamav2.ext"]
ABSENT += ["exllama_kernels", "outlines", "outlines.fsm", "outlines.fsm.guide"]
LAYERS, HIDDEN, RANK, ALPHA = 2, 256, 8, 32


def main(sources: Path) -> int:
    """Run the checks in two processes, print both reports, and compare them."""
    without = _report("without the shim", [sources])
    given = _report("with the shim", [SHIM, sources])
    loads = "loads, A and B right, scale 4.0"
    failed = all("has no attribute 'weight'" in result for result in without["layers"].values())
    passed = all(result == loads for result in given["layers"].values())
    inside = not given["outside"] and not given["wrong"]
    return 0 if failed and passed and without["outside"] and inside else 1


def _report(title: str, path: list[Path]) -> dict[str, Any]:
    env = {"PYTHONPATH": ":".join(map(str, path)), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--child"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines() if line.startswith("opsctl tgi_shim:")]
    if done.returncode:
        raise SystemExit(done.stderr)
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    batches = (
        f"of {report['orders']} decode batches {report['outside']} index past their table,"
        f" {report['wrong']} more reach another adapter"
    )
    results = [f"{name}: {result}" for name, result in report["layers"].items()]
    sys.stdout.write("\n  ".join([title, *said, *results, batches]) + "\n")
    return report


def child() -> None:
    """Import TGI and print a report as JSON; PYTHONPATH decides whether the shim is there."""
    importlib.import_module("peft")  # looks for kernels by itself, so before its stand-in
    for name in (f"{TGI}.pb.generate_pb2", *ABSENT):
        sys.modules[name] = MagicMock(name=name)
    lora: Any = importlib.import_module(f"{TGI}.adapters.lora")
    lora.punica_sgmv = SimpleNamespace(  # the rules of punica for rank 8
        BGMV_MAX_RANK=64,
        pad_rank=lambda tensor, dim, world_size: tensor,
        use_cutlass_shrink=lambda rank: rank < 16,
        orient_for_rank=lambda tensor, rank: tensor,
    )
    # Later than the rest: TGI takes the CPU for an Intel server if it can find this one.
    sys.modules["intel_extension_for_pytorch"] = MagicMock()
    layers = {name: _prepared(lora, layer) for name, layer in _gptq_layers().items()}
    sys.stdout.write("\n" + json.dumps({"layers": layers, **_mixed_batches(lora)}) + "\n")


def _gptq_layers() -> dict[str, Any]:
    import torch

    gptq = importlib.import_module(f"{TGI}.layers.gptq")
    names = {"marlin.gptq": "GPTQMarlinLinear", "gptq.exllama": "Ex4bitLinear"}
    names |= {f"gptq.{name}": "QuantLinear" for name in ("triton", "ipex", "exllamav2")}
    classes = {
        f"{module}.{name}": getattr(importlib.import_module(f"{TGI}.layers.{module}"), name)
        for module, name in names.items()
    }
    qweight = torch.zeros(HIDDEN // 8, HIDDEN, dtype=torch.int32)
    qzeros = torch.zeros(HIDDEN // 32, HIDDEN // 8, dtype=torch.int32)
    scales = torch.ones(HIDDEN // 32, HIDDEN, dtype=torch.float16)
    g_idx = torch.arange(HIDDEN, dtype=torch.int32) // 32
    made: dict[str, Any] = {}
    for name, cls in classes.items():
        if name.endswith(("triton.QuantLinear", "ipex.QuantLinear")):
            made[name] = cls(qweight, qzeros, scales, g_idx, None, 4, 32)
        elif name.endswith("exllamav2.QuantLinear"):
            held = gptq.GPTQWeight(qweight, qzeros, scales, g_idx, 4, 32, False, True)
            made[name] = cls(held, None)
        else:
            made[name] = cls.__new__(cls)
            torch.nn.Module.__init__(made[name])
            made[name].qweight = qweight
    return made


def _prepared(lora: Any, layer: Any) -> str:
    import torch

    names = [f"model.layers.{number}.self_attn.q_proj" for number in range(LAYERS)]
    tensors = {}
    for name in names:
        tensors[f"base_model.model.{name}.lora_A.weight"] = torch.randn(RANK, HIDDEN).half()
        tensors[f"base_model.model.{name}.lora_B.weight"] = torch.randn(HIDDEN, RANK).half()
    try:
        weights = _lora_weights(lora, layer, names, tensors)
    except AttributeError as error:
        return f"AttributeError: {error}"
    held_a, held_b = list(tensors.values())[::2], list(tensors.values())[1::2]
    if not torch.equal(weights.weights_a, torch.stack([a.T for a in held_a])):
        return "loads a wrong A"
    ratio = weights.weights_b / torch.stack([b.T for b in held_b])
    if not torch.equal(ratio, torch.full_like(ratio, ALPHA / RANK)):
        return "loads a wrong B"
    return f"loads, A and B right, scale {ratio.mean().item()}"


def _lora_weights(lora: Any, layer: Any, names: list[str], tensors: dict[str, Any]) -> Any:
    config = lora.LoraConfig(None, RANK, ["q_proj"], False, ALPHA, False)
    module_map, used = config.map_weights_for_model(tensors, tuple(names))
    wrapped = SimpleNamespace(base_layer=SimpleNamespace(linear=layer))
    return lora.LoraWeights.prepare_weights(
        config=config,
        module_map=module_map,
        layer_type="q_proj",
        unused_weight_names=used,
        nlayers=LAYERS,
        dtype=next(iter(tensors.values())).dtype,
        world_size=1,
        process_group=SimpleNamespace(size=lambda: 1, rank=lambda: 0),
        target_to_layer={(n, "q_proj"): (name, wrapped) for n, name in enumerate(names)},
    )


def _mixed_batches(lora: Any) -> dict[str, int]:
    """Every decode batch of one to five requests of two adapters (1, 2) and the base model (0)."""
    import torch

    find_segments = importlib.import_module(f"{TGI}.utils.segments").find_segments
    config = lora.LoraConfig(None, RANK, ["q_proj"], False, ALPHA, False)
    held = {
        number: lora.LoraWeights([torch.zeros(HIDDEN, RANK)], [torch.zeros(RANK, HIDDEN)], config)
        for number in (1, 2)
    }
    counts = {"orders": 0, "outside": 0, "wrong": 0}
    for rows in itertools.chain(*(itertools.product((0, 1, 2), repeat=n) for n in range(1, 6))):
        ends, segments = find_segments(list(rows))
        meta = lora.AdapterBatchMetadata(
            torch.tensor(rows), set(rows), torch.tensor(ends, dtype=torch.int32), segments
        )
        batch = lora.BatchLoraWeights.load(held, meta, False, None)
        counts["orders"] += 1
        for data in batch.rank_data.values():
            table, places = data.lora_a_ptr.tolist(), data.indices.tolist()
            pointers = {0: None} | {n: held[n].weights_a_t.data_ptr() for n in held}
            if max(places) >= len(table):
                counts["outside"] += 1
            elif [None if p < 0 else table[p] for p in places] != [pointers[r] for r in rows]:
                counts["wrong"] += 1
    return counts


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child()
    elif len(sys.argv) == 2:
        raise SystemExit(main(Path(sys.argv[1]).resolve()))
    else:
        raise SystemExit(__doc__)
