"""What transformers and peft write in float16: python -m tests.real.vllm.reference FOLDER.

Makes the models in the folder first: a GPTQ Mistral with act order, its float twin, adapters. Then
prints the greedy tokens of each prompt, by the base and by the adapter `loud`.
"""

import json
import sys
from pathlib import Path
from typing import Any

import peft
import torch
import transformers

from tests import make_tiny_mistral as tiny
from tests.tiny_gptq import make_gptq

PROMPTS = (
    "[INST] Где указан срок действия паспорта? [/INST]",
    "[INST] Как оформить отпуск за свой счёт? [/INST]",
    "[INST] When does the ship come? [/INST]",
    "[INST] Что делать, если потерян паспорт? [/INST]",
)
TOKENS = 24
HIDDEN = 256  # heads of 64, the least but one that vLLM takes on a processor
hf: Any = transformers


def make(folder: Path) -> None:
    """The models, and adapters: `narrow` is for a smaller model, `thick` of too great a rank."""
    tiny.make_model(folder / "model", hidden=HIDDEN)
    tiny.make_model(folder / "small")
    for name, (seed, spread) in tiny.ADAPTERS.items():
        tiny.make_adapter(folder / "model", folder / "adapters" / name, seed, spread)
    tiny.make_adapter(folder / "small", folder / "adapters" / "narrow", 5, 0.5)
    tiny.make_adapter(folder / "model", folder / "adapters" / "thick", 6, 0.5, rank=600)
    make_gptq(folder / "model", folder / "model-gptq", folder / "model-dequantised")
    config = folder / "model-gptq" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"dtype": "float16"}))


def written(folder: Path, adapter: Path | None) -> list[list[int]]:
    """The tokens of each prompt."""
    model = hf.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float16)
    if adapter:
        model = peft.PeftModel.from_pretrained(model, str(adapter)).eval()
    tokenizer = hf.AutoTokenizer.from_pretrained(folder)
    found = []
    for prompt in PROMPTS:
        given = tokenizer(prompt, return_tensors="pt")
        output = model.generate(**given, max_new_tokens=TOKENS, do_sample=False)
        found.append(output[0, given["input_ids"].shape[1] :].tolist())
    return found


def main(folder: Path) -> None:
    make(folder)
    twin = folder / "model-dequantised"
    report = {"": written(twin, None), "loud": written(twin, folder / "adapters" / "loud")}
    sys.stdout.write(json.dumps(report))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
