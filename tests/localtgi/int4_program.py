"""What the tests of the int4 kernel need torch for: python -m tests.localtgi.int4_program FOLDER.

Makes GPTQ models of several shapes and their adapters, and writes what transformers gives for the
float twins, base and adapter, as JSON.
"""

import json
import sys
from pathlib import Path
from typing import Any

import torch

from localtgi.model import gptq, int4
from tests.localtgi.shapes import SHAPES
from tests.localtgi.torch_program import PROMPT, generate
from tests.make_tiny_mistral import make_adapter, make_model
from tests.tiny_gptq import make_gptq

LONG = "[INST] " + "АБВГД" * 60 + " [/INST]"  # more rows than the kernel is given


def main(folder: Path) -> None:
    report: dict[str, Any] = {
        "errors": errors(),
        "wide": wide(),
        "prompts": {"short": PROMPT, "long": LONG},
    }
    for name, (width, heads, group, act_order) in SHAPES.items():
        model, twin = folder / "floats" / name, folder / "twins" / name
        make_model(model, width, key_heads=heads)
        make_gptq(model, folder / name, twin, group, act_order)
        adapter = folder / "adapters" / name
        make_adapter(model, adapter, seed=1, spread=0.5)
        report[name] = {
            "base": generate(twin, None),
            "adapter": generate(twin, adapter),
            "long": generate(twin, None, LONG),
        }
    sys.stdout.write(json.dumps(report))


def errors() -> dict[str, float]:
    """How far the kernel is from the unpacked weights, of the size of the results, by shape."""
    torch.manual_seed(0)
    found = {}
    for inputs, outputs, groups in ((512, 64, 1), (96, 48, 3), (1024, 32, 8), (64, 16, 2)):
        packed, x = weights(inputs, outputs, groups), torch.randn(3, 5, inputs)
        wanted = x @ gptq.unpack(*packed).float()
        off = int4.multiply(x, **int4.pack(*packed)) - wanted
        found[f"{inputs} x {outputs}"] = float(off.norm() / wanted.norm())
    return found


def wide() -> list[float]:
    """How far a layer and its gradient are from the whole weights, in more outputs than a part."""
    packed, x = weights(32, 1040, 1), torch.randn(3, 32, requires_grad=True)
    names = ("qweight", "qzeros", "scales", "g_idx")
    results = [
        gptq.GPTQLinear(dict(zip(names, packed, strict=True)), None)(x),
        x @ gptq.unpack(*packed).float(),
    ]
    grads = [torch.autograd.grad(result.square().sum(), x)[0] for result in results]
    return [float((one - other).detach().abs().max()) for one, other in (results, grads)]


def weights(inputs: int, outputs: int, groups: int) -> tuple[torch.Tensor, ...]:
    """Random packed weights, zeros and order included."""
    return (
        torch.randint(-(2**31), 2**31, (inputs // 8, outputs), dtype=torch.int32),
        torch.randint(-(2**31), 2**31, (groups, outputs // 8), dtype=torch.int32),
        torch.rand(groups, outputs).half() / 100,
        torch.arange(inputs).remainder(groups)[torch.randperm(inputs)],
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
