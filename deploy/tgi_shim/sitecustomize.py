"""Lets TGI 3.3.7 serve a GPTQ model with LoRA adapters, and mix adapters in one batch.

Python imports a module of this name at every start. This folder is mounted into the container and
put on PYTHONPATH, so every Python there installs the import hook below; it acts only when TGI's own
modules are imported, and only where the files the patches rest on are those of tgi-3.3.7.sha256.
Files are compared because nothing in TGI's Python names its release: the package calls itself
2.0.5-dev0 in 2.2.0 as in 3.3.7. Releases 3.3.5 and 3.3.6 have the very same files.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType
from typing import Any

PACKAGE = "text_generation_server"
HERE = Path(__file__).resolve().parent
SOURCES = HERE / "tgi-3.3.7.sha256"
LINEAR_LAYERS = {
    f"{PACKAGE}.layers.marlin.gptq": "GPTQMarlinLinear",
    f"{PACKAGE}.layers.gptq.triton": "QuantLinear",
    f"{PACKAGE}.layers.gptq.exllama": "Ex4bitLinear",
    f"{PACKAGE}.layers.gptq.exllamav2": "QuantLinear",
    f"{PACKAGE}.layers.gptq.ipex": "QuantLinear",
}
BATCHES = {f"{PACKAGE}.adapters.lora": "BatchLoraWeights"}
EXPECT = (
    "A GPTQ model with LORA_ADAPTERS will fail to load (no attribute 'weight'), and a batch that"
    " mixes requests with and without an adapter may crash the server. Use the published image of"
    " tag 3.3.7, or serve without LORA_ADAPTERS."
)


class ImportHook:
    """Patches the modules it knows right after they have been imported."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """The spec another finder has for a module of TGI that is to be patched; else None."""
        if name not in LINEAR_LAYERS and name not in BATCHES:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                _patch_after_import(spec)
                return spec
        return None


def _patch_after_import(spec: ModuleSpec) -> None:
    loader: Any = spec.loader
    execute: Any = getattr(loader, "exec_module", None)

    def execute_and_patch(module: ModuleType) -> None:
        execute(module)
        try:
            _patch(module)
        except Exception as error:  # TGI goes on as it would without us
            _say("ERROR", f"{module.__name__} is not patched: {error!r}. {EXPECT}")

    if execute is not None:
        loader.exec_module = execute_and_patch


def _patch(module: ModuleType) -> None:
    name = module.__name__
    if not _is_the_known_release():
        return
    target = LINEAR_LAYERS.get(name) or BATCHES[name]
    cls = getattr(module, target, None)
    if cls is None:
        _say("ERROR", f"{name} has no {target}: not patched. {EXPECT}")
    elif name in BATCHES:
        _remap_batches(cls)
        _say("INFO", f"{name}.{target}.load: adapter indices of mixed batches are remapped")
    elif hasattr(cls, "weight"):
        _say("WARNING", f"{name}.{target} has a weight of its own: left as it is")
    else:
        cls.weight = property(_packed_weight)
        _say("INFO", f"{name}.{target}: given the weight that the adapter loader reads")


@cache
def _is_the_known_release() -> bool:
    """Whether TGI's files are those the patches were written for; said once if they are not."""
    import hashlib

    package = Path(sys.modules[PACKAGE].__path__[0])
    changed = []
    for line in SOURCES.read_text("ascii").splitlines():
        digest, file = line.split()
        path = package / file
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            changed.append(file)
    if changed:
        _say(
            "ERROR",
            f"nothing is patched: made for TGI 3.3.7, but {_release()} has other files:"
            f" {', '.join(changed)}. {EXPECT}",
        )
    return not changed


def _release() -> str:
    """What TGI's launcher says it is; the image tagged 3.3.7 says 3.3.6-dev0."""
    import subprocess

    command = ["text-generation-launcher", "--version"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return "this unknown release"
    return done.stdout.strip()


def _packed_weight(layer: Any) -> Any:
    """The layer's packed tensor; the adapter loader asks it for its device and nothing else."""
    packed = getattr(layer, "q_tensors", layer)  # exllamav2 keeps its tensors one level down
    tensor = getattr(packed, "qweight", None)
    return packed.q_weight if tensor is None else tensor


def _remap_batches(cls: Any) -> None:
    load = cls.load.__func__

    def load_and_remap(
        cls: Any, adapter_weights: Any, meta: Any, prefill: Any, prefill_head_indices: Any
    ) -> Any:
        batch = load(cls, adapter_weights, meta, prefill, prefill_head_indices)
        if batch is not None and not batch.use_sgmv:
            _remap(batch, adapter_weights, meta)
        return batch

    cls.load = classmethod(load_and_remap)


def _remap(batch: Any, adapter_weights: Any, meta: Any) -> None:
    """Make each row's index its adapter's place in the table of its rank; -1 where it has none.

    TGI leaves out of the table the segments without an adapter of that rank, yet keeps counting
    them in the indices, which then point past its end.
    """
    lora = {number: getattr(held, "lora_weights", held) for number, held in adapter_weights.items()}
    ranks = {number: getattr(weights, "lora_a_r", None) for number, weights in lora.items()}
    rows = meta.adapter_indices.tolist()
    for rank, data in batch.rank_data.items():
        table = [number for number in meta.segment_indices if ranks.get(number) == rank]
        places = {number: place for place, number in enumerate(table)}
        data.indices = data.indices.new_tensor([places.get(number, -1) for number in rows])


def _say(level: str, text: str) -> None:
    """Log one line, to both streams.

    TGI's launcher logs a line of standard output when it has the form of loguru's JSON, and shows
    standard error only after the shard has died.
    """
    import json

    line = f"opsctl tgi_shim: {text}"
    record = json.dumps({"text": line, "record": {"level": {"name": level}}})
    for stream, written in ((sys.stdout, record), (sys.stderr, line)):
        try:
            stream.write(written + "\n")
            stream.flush()
        except Exception:
            continue  # closed or missing: TGI matters more than this line


def _run_hidden_sitecustomize() -> None:
    """Run the sitecustomize that Python would have imported if this folder were not on its path."""
    folders = [Path(entry).resolve() for entry in sys.path]
    later = sys.path[folders.index(HERE) + 1 :] if HERE in folders else []
    spec = PathFinder.find_spec("sitecustomize", later)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(module_from_spec(spec))


sys.meta_path.insert(0, ImportHook())
_run_hidden_sitecustomize()
