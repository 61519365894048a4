"""A tiny Mistral of transformers as a GGUF file, as llama.cpp's own converter lays it out."""

import json
from pathlib import Path
from typing import Any

# By transformers' names; the rows of q and k are interleaved, by these numbers of heads.
NAMES = {
    "self_attn.q_proj": ("attn_q", "num_attention_heads"),
    "self_attn.k_proj": ("attn_k", "num_key_value_heads"),
    "self_attn.v_proj": ("attn_v", ""),
    "self_attn.o_proj": ("attn_output", ""),
    "mlp.gate_proj": ("ffn_gate", ""),
    "mlp.up_proj": ("ffn_up", ""),
    "mlp.down_proj": ("ffn_down", ""),
    "input_layernorm": ("attn_norm", ""),
    "post_attention_layernorm": ("ffn_norm", ""),
}
OTHERS = {"embed_tokens": "token_embd", "norm": "output_norm", "lm_head": "output"}
# Mistral's, without its complaints about roles.
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}"
    "{{ '[INST] ' + message['content'] + ' [/INST]' }}{% else %}"
    "{{ message['content'] + eos_token }}{% endif %}{% endfor %}"
)


def write_gguf(
    model: Path, target: Path, kind: str = "F32", template: str = TEMPLATE, name: str = "llama"
) -> Path:
    """Write the model of a folder, its matrices in a format, under the name of an architecture."""
    import gguf
    from safetensors.numpy import load_file

    config = json.loads((model / "config.json").read_text())
    writer = gguf.GGUFWriter(target, name)
    vocabulary = json.loads((model / "tokenizer.json").read_text())["model"]["vocab"]
    _facts(writer, config, vocabulary)
    if template:
        writer.add_chat_template(template)
    quantization = gguf.GGMLQuantizationType[kind]
    for full, weight in load_file(model / "model.safetensors").items():
        place, heads = _place(full)
        if heads:
            weight = interleaved(weight, config[heads])
        if weight.ndim == 1:
            writer.add_tensor(place, weight)
        else:
            packed = gguf.quants.quantize(weight, quantization)
            writer.add_tensor(place, packed, raw_dtype=quantization)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target


def interleaved(weight: Any, heads: int) -> Any:
    """The rows as llama.cpp has them; written apart from the product's, by its converter."""
    return (
        weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:])
        .swapaxes(1, 2)
        .reshape(weight.shape)
    )


def _place(full: str) -> tuple[str, str]:
    name = full.removeprefix("model.").removesuffix(".weight")
    if name in OTHERS:
        return f"{OTHERS[name]}.weight", ""
    _, layer, rest = name.split(".", 2)
    short, heads = NAMES[rest]
    return f"blk.{layer}.{short}.weight", heads


def _kind(token: str) -> int:
    """The type of a token: unknown, control, byte or normal."""
    if token in ("<unk>", "<s>", "</s>"):
        return 2 if token == "<unk>" else 3
    return 6 if token.startswith("<0x") else 1


def _facts(writer: Any, config: dict[str, Any], vocabulary: dict[str, int]) -> None:
    writer.add_name("tiny-mistral")
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_vocab_size(config["vocab_size"])
    tokens = sorted(vocabulary, key=lambda token: vocabulary[token])
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_scores([-float(rank) for rank in range(len(tokens))])
    writer.add_token_types([_kind(token) for token in tokens])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
