"""The files of an adapter as the model server wants them. Read and written without torch."""

import json
import shutil
from pathlib import Path

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
# The one module that is trained and served, and its tensors: TGI drops those of other names.
TARGET = "q_proj"
TENSOR = "base_model.model.model.layers.{layer}.self_attn.q_proj.lora_{part}.weight"
# TGI pads ranks below 8 to 8 and greater ones to a multiple of 16, and then scales by the padded
# rank from the second layer on.
PLAIN_RANK, RANK_STEP = 8, 16
# What peft 0.14, the one in the server's image, knows and needs of a LoRA configuration.
CONFIG_KEYS = (
    "base_model_name_or_path", "bias", "fan_in_fan_out", "inference_mode", "init_lora_weights",
    "lora_alpha", "lora_dropout", "modules_to_save", "peft_type", "r", "target_modules",
    "task_type", "use_rslora",
)  # fmt: skip


def is_served(rank: int) -> bool:
    """Whether TGI applies an adapter of this rank as it was trained."""
    return rank == PLAIN_RANK or (rank > 0 and rank % RANK_STEP == 0)


def export(checkpoint: Path, folder: Path, base: str) -> None:
    """Write the adapter of a checkpoint to a new folder, its weights byte for byte.

    The weights are float32, as they are trained; a server casts them to its own type (TGI with a
    GPTQ model: float16). `base` is the name of the model, in the place of this machine's path.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    config = json.loads((checkpoint / CONFIG).read_text(encoding="utf-8"))
    config |= {"base_model_name_or_path": base, "inference_mode": True}
    kept = {key: config[key] for key in CONFIG_KEYS if key in config}
    (folder / CONFIG).write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    shutil.copyfile(checkpoint / WEIGHTS, folder / WEIGHTS)
    for path in folder.iterdir():
        path.chmod(0o644)  # safetensors writes 0600, and the container's user is another
