"""A made-up text_generation_server: the names and attributes the shim meets, and their faults."""

from pathlib import Path

LAYER = """
class {name}:
    def __init__(self, tensor):
        self.qweight = tensor
"""
EXLLAMAV2 = """
from types import SimpleNamespace

class QuantLinear:
    def __init__(self, tensor):
        self.q_tensors = SimpleNamespace(qweight=tensor)
"""
ADAPTERS = """
from types import SimpleNamespace

def device_of(layer):
    return layer.weight.device

class BatchLoraWeights:
    @classmethod
    def load(cls, adapter_weights, meta, prefill, prefill_head_indices):
        import torch
        if not adapter_weights:
            return None
        batch = SimpleNamespace(use_sgmv=prefill, rank_data={})
        segment = {number: place for place, number in enumerate(meta.segment_indices)}
        lora = {n: getattr(held, "lora_weights", held) for n, held in adapter_weights.items()}
        for rank in {weights.lora_a_r for weights in lora.values()}:
            members = [n for n in meta.segment_indices if n in lora and lora[n].lora_a_r == rank]
            places = [segment[n] if n in members else -1 for n in meta.adapter_indices.tolist()]
            indices = None if prefill else torch.tensor(places, dtype=torch.int32)
            batch.rank_data[rank] = SimpleNamespace(table=members, indices=indices)
        return batch
"""
FILES = {
    "layers/marlin/gptq.py": LAYER.format(name="GPTQMarlinLinear"),
    "layers/gptq/triton.py": LAYER.format(name="QuantLinear"),
    "layers/gptq/ipex.py": LAYER.format(name="QuantLinear"),
    "layers/gptq/exllama.py": LAYER.format(name="Ex4bitLinear"),
    "layers/gptq/exllamav2.py": EXLLAMAV2,
    "layers/lora.py": "",
    "adapters/lora.py": ADAPTERS,
    "adapters/weights.py": "",
}
CLASSES = {
    "layers.marlin.gptq": "GPTQMarlinLinear",
    "layers.gptq.triton": "QuantLinear",
    "layers.gptq.ipex": "QuantLinear",
    "layers.gptq.exllama": "Ex4bitLinear",
    "layers.gptq.exllamav2": "QuantLinear",
}


def write_package(folder: Path) -> Path:
    """Write the package below a folder that is to be on sys.path."""
    package = folder / "text_generation_server"
    for name, text in FILES.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for place in (package, *(path for path in package.rglob("*") if path.is_dir())):
        (place / "__init__.py").touch()
    return package
