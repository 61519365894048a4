"""What vLLM makes of a model's files: how they are quantised, and which release takes that."""

import re
from pathlib import Path

from core.errors import UserError
from opsctl.hub.checkpoint import quantization

# From this release on "GPTQ group activation ordering (desc_act=True) is no longer supported".
NO_ACT_ORDER = (0, 30)
WAYS = "docs/vllm.md tells the ways on"
LAST = "0.29.0"


def has_act_order(folder: Path) -> bool:
    """Whether a GPTQ model's inputs are ordered by activation in groups, which vLLM gave up."""
    found = quantization(folder)
    gptq = found.get("quant_method") == "gptq"
    return gptq and bool(found.get("desc_act")) and found.get("group_size") != -1


def takes_act_order(version: str) -> bool:
    """Whether a release loads such a model; an unknown one does as far as is known."""
    numbers = re.match(r"v?(\d+)\.(\d+)", version)
    return not numbers or (int(numbers[1]), int(numbers[2])) < NO_ACT_ORDER


def refusal(model: str, act_order: bool, version: str) -> UserError | None:
    """Why a release of vLLM does not load a model, where that is known before a start."""
    if not act_order or takes_act_order(version):
        return None
    sentence = f"vLLM {version} does not load {model}: it is GPTQ with act order (desc_act)"
    return UserError(
        f"{sentence}, which vLLM gave up in 0.30", f"pin vLLM {LAST}, or another model: {WAYS}"
    )
