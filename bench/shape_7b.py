"""Random weights in the shape of Mistral 7B: shape_7b.py gptq FOLDER LAYERS, or gguf FILE LAYERS.

The first is of 4 bits, groups of 32, act order; the second Q4_0, the head Q6_K as llama.cpp has it.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

HIDDEN, INNER, VOCABULARY, KEYS, GROUP = 4096, 14336, 32000, 1024, 32
LINEAR = {  # outputs, inputs, and the name in a GGUF
    "self_attn.q_proj": (HIDDEN, HIDDEN, "attn_q"),
    "self_attn.k_proj": (KEYS, HIDDEN, "attn_k"),
    "self_attn.v_proj": (KEYS, HIDDEN, "attn_v"),
    "self_attn.o_proj": (HIDDEN, HIDDEN, "attn_output"),
    "mlp.gate_proj": (INNER, HIDDEN, "ffn_gate"),
    "mlp.up_proj": (INNER, HIDDEN, "ffn_up"),
    "mlp.down_proj": (HIDDEN, INNER, "ffn_down"),
}
SPREAD = 0.0043  # of a step of 4 bits: the weights are spread by about 0.02


def gptq(folder: Path, layers: int) -> None:
    """Write a folder that localtgi opens: a shard for each layer, a tiny tokenizer."""
    import transformers
    from safetensors.numpy import save_file

    from tests.tiny_gptq import QUANTIZATION
    from tests.tiny_tokenizer import make_tokenizer

    hf: Any = transformers  # parts of it have no types
    folder.mkdir(parents=True)
    make_tokenizer(folder)
    config = hf.MistralConfig(
        vocab_size=VOCABULARY, num_hidden_layers=layers, sliding_window=None,
        torch_dtype="float16", architectures=["MistralForCausalLM"],
    )  # fmt: skip
    config.quantization_config = {"quant_method": "gptq", **QUANTIZATION}
    config.save_pretrained(folder)
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [VOCABULARY - 1]}))
    random = np.random.default_rng(0)
    table = (random.standard_normal((VOCABULARY, HIDDEN)) * 0.02).astype(np.float16)
    ones = np.ones(HIDDEN, np.float16)
    ends = {"model.embed_tokens.weight": table, "lm_head.weight": table[::-1].copy()}
    save_file(ends | {"model.norm.weight": ones}, folder / "ends.safetensors")
    for number in range(layers):
        at = f"model.layers.{number}"
        tensors = {
            f"{at}.{norm}.weight": ones for norm in ("input_layernorm", "post_attention_layernorm")
        }
        for name, (outputs, inputs, _) in LINEAR.items():
            for part, array in packed(random, outputs, inputs):
                tensors[f"{at}.{name}.{part}"] = array
        save_file(tensors, folder / f"layer-{number:02}.safetensors")


def packed(random: np.random.Generator, outputs: int, inputs: int) -> Iterator[tuple[str, Any]]:
    """The tensors of one layer."""
    groups = inputs // GROUP
    bits = random.integers(-(2**31), 2**31, (inputs // 8, outputs), dtype=np.int32)
    yield "qweight", bits
    yield "qzeros", np.full((groups, outputs // 8), 0x77777777, np.int32)
    yield "scales", np.full((groups, outputs), SPREAD, np.float16)
    yield "g_idx", random.permutation(np.repeat(np.arange(groups, dtype=np.int32), GROUP))


def gguf(file: Path, layers: int) -> None:
    """Write a GGUF of the same shape, with tokens of no meaning."""
    import gguf as format

    kinds = format.GGMLQuantizationType
    random = np.random.default_rng(0)
    writer = format.GGUFWriter(file, "llama")
    writer.add_block_count(layers)
    writer.add_context_length(32768)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(32)
    writer.add_head_count_kv(8)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    writer.add_rope_dimension_count(128)
    writer.add_vocab_size(VOCABULARY)
    writer.add_tokenizer_model("llama")
    words = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    words += [f"t{number}" for number in range(VOCABULARY - len(words))]
    writer.add_token_list(words)
    writer.add_token_scores([0.0] * VOCABULARY)
    writer.add_token_types([2, 3, 3, *[6] * 256, *[1] * (VOCABULARY - 259)])
    shapes = {
        "token_embd": (VOCABULARY, HIDDEN, kinds.Q4_0),
        "output": (VOCABULARY, HIDDEN, kinds.Q6_K),
    }
    for number in range(layers):
        for outputs, inputs, name in LINEAR.values():
            shapes[f"blk.{number}.{name}"] = (outputs, inputs, kinds.Q4_0)
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{number}.{name}.weight", np.ones(HIDDEN, np.float32))
    writer.add_tensor("output_norm.weight", np.ones(HIDDEN, np.float32))
    for name, (outputs, inputs, kind) in shapes.items():
        data = blocks(random, kind.name, outputs * inputs).reshape(outputs, -1)
        writer.add_tensor(f"{name}.weight", data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def blocks(random: np.random.Generator, kind: str, weights: int) -> Any:
    """Random blocks of Q4_0 (32 weights) or Q6_K (256), as bytes."""
    if kind == "Q4_0":
        made = np.zeros(weights // 32, np.dtype([("d", "<f2"), ("q", "u1", 16)]))
        made["d"] = SPREAD
    else:
        layout = [("q", "u1", 192), ("scales", "i1", 16), ("d", "<f2")]
        made = np.zeros(weights // 256, np.dtype(layout))
        made["d"], made["scales"] = SPREAD / 32, 8
    made["q"] = random.integers(0, 256, made["q"].shape, dtype=np.uint8)
    return made.view(np.uint8)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    {"gptq": gptq, "gguf": gguf}[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]))
