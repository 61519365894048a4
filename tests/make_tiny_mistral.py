"""Make a tiny Mistral with a tokenizer, adapters and a GPTQ twin: make_tiny_mistral.py FOLDER.

A program of its own, so that the test process need not hold torch. Every run writes the same bytes.
"""

import sys
from pathlib import Path
from typing import Any

# FOLDER/model, model-gptq and model-dequantised (the float twin of model-gptq), adapters/NAME.
ADAPTERS = {"loud": (1, 0.5), "other": (2, 0.5), "zero": (3, 0.0)}  # seed, spread of B


def main(folder: Path) -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from tests.tiny_gptq import make_gptq

    make_model(folder / "model")
    for name, (seed, spread) in ADAPTERS.items():
        make_adapter(folder / "model", folder / "adapters" / name, seed, spread)
    make_gptq(folder / "model", folder / "model-gptq", folder / "model-dequantised")


def make_model(folder: Path, hidden: int = 64, layers: int = 2, key_heads: int = 2) -> None:
    """Write a Mistral with random weights, and its tokenizer.

    The likeliest token is always one of the tokenizer's lone letters, so greedy answers are cut
    into the very tokens again that they were made of.
    """
    import torch
    import transformers

    from tests.tiny_tokenizer import make_tokenizer

    hf: Any = transformers  # parts of it have no types
    vocabulary, lone = make_tokenizer(folder)
    torch.manual_seed(0)
    config = hf.MistralConfig(
        vocab_size=vocabulary,
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=key_heads,
        head_dim=hidden // 4,
        max_position_embeddings=32768,
        sliding_window=None,
        initializer_range=0.2,  # ten times the usual: tokens are not all equally likely
        bos_token_id=1,
        eos_token_id=2,
    )
    model = hf.MistralForCausalLM(config)
    others = torch.ones(vocabulary, dtype=torch.bool)
    others[lone] = False
    with torch.no_grad():
        model.lm_head.weight[others] = 0
    model.generation_config = hf.GenerationConfig(bos_token_id=1, eos_token_id=2, pad_token_id=2)
    model.save_pretrained(folder)


def make_adapter(model: Path, folder: Path, seed: int, spread: float, rank: int = 8) -> None:
    """Write a LoRA adapter of the query projections; with `spread` 0 it changes nothing."""
    import peft
    import torch
    import transformers

    hf: Any = transformers
    torch.manual_seed(seed)
    config = peft.LoraConfig(
        r=rank, lora_alpha=4 * rank, target_modules=["q_proj"], task_type="CAUSAL_LM"
    )
    wrapped: Any = peft.get_peft_model(hf.MistralForCausalLM.from_pretrained(model), config)
    for name, weight in wrapped.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=spread)
    wrapped.peft_config["default"].base_model_name_or_path = ""
    wrapped.save_pretrained(folder)
    (folder / "README.md").unlink()  # a model card that names a temporary folder


if __name__ == "__main__":
    main(Path(sys.argv[1]))
