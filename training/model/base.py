"""The base model, frozen: GPTQ by torch alone, NF4 by bitsandbytes, or plain half precision."""

import warnings
from pathlib import Path
from typing import Any

import torch
import transformers

from core.errors import UsageError, UserError
from core.extras import need
from localtgi.model import gptq
from localtgi.model.checkpoint import Checkpoint, open_model
from localtgi.model.errors import StartError

KINDS = ("gptq", "nf4", "fp16")
DEVICES = ("auto", "cpu", "cuda")
ARCHITECTURE = "MistralForCausalLM"
_hf: Any = transformers  # parts of it have no types


def choose_device(name: str) -> str:
    """`cpu` or `cuda` for `auto`, `cpu` or `cuda`; UserError when there is no CUDA device."""
    if name not in DEVICES:
        raise UsageError(f"there is no device {name!r}", f"--device {', '.join(DEVICES)}")
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise UserError("there is no CUDA device here", "--device cpu, which is slow for 7B")
    return "cuda" if there and name != "cpu" else "cpu"


def choose_dtype(device: str) -> torch.dtype:
    """float32 on a CPU; on a GPU bfloat16 where it has that (8.0 and newer), else float16."""
    if device == "cpu":
        return torch.float32
    return torch.bfloat16 if torch.cuda.get_device_capability() >= (8, 0) else torch.float16


def open_base(folder: Path, kind: str) -> Checkpoint:
    """Check the folder of a base model without loading it; UserError says what is wrong."""
    if not folder.is_dir():
        hint = "opsctl download model, or --model FOLDER"
        raise UserError(f"there is no model folder {folder}", hint)
    try:
        checkpoint = open_model(folder)
    except StartError as error:
        hint = "opsctl download model, or --model FOLDER"
        raise UserError(f"the base cannot be used: {error}", hint) from error
    named = checkpoint.config.get("architectures") or []
    if named != [ARCHITECTURE]:
        found = ", ".join(map(str, named))
        raise UserError(
            f"the base must be a Mistral, and {folder} is {found}", "--model FOLDER of a Mistral"
        )
    if kind not in KINDS:
        raise UsageError(f"there is no base {kind!r}", f"--base {', '.join(KINDS)}")
    if bool(checkpoint.quantization) != (kind == "gptq"):
        is_packed = "is" if checkpoint.quantization else "is not"
        hint = "--base gptq" if checkpoint.quantization else "--base nf4 or --base fp16"
        raise UserError(f"--base {kind} does not go with {folder}, which {is_packed} GPTQ", hint)
    return checkpoint


def load_base(folder: Path, kind: str, device: str) -> tuple[Any, Any]:
    """Load a model, frozen, and its tokenizer, whose padding is on the right and is not EOS."""
    checkpoint = open_base(folder, kind)
    if kind == "nf4":
        need("train", "bitsandbytes")
    _hf.utils.logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tokenizer = load_tokenizer(folder)
            model = _load(checkpoint, kind, device)
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise UserError(f"no memory on {device} for the model in {folder}") from error
    except (StartError, OSError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise UserError(f"the base in {folder} cannot be loaded: {reason}") from error
    model.requires_grad_(False)
    return model, tokenizer


def load_tokenizer(folder: Path) -> Any:
    """A model's tokenizer; rows are filled up with its unknown token, so that EOS is learned."""
    _hf.utils.logging.set_verbosity_error()
    tokenizer = _hf.AutoTokenizer.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False
    )
    if tokenizer.unk_token is None or tokenizer.unk_token == tokenizer.eos_token:
        raise UserError(f"the tokenizer in {folder} has no unknown token to pad with")
    tokenizer.pad_token = tokenizer.unk_token
    tokenizer.padding_side = "right"
    return tokenizer


def _load(checkpoint: Checkpoint, kind: str, device: str) -> Any:
    dtype = choose_dtype(device)
    if kind == "gptq":
        return gptq.load(checkpoint, dtype, torch.device(device))
    packing = {}
    if kind == "nf4":
        packing["quantization_config"] = _hf.BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=dtype,
        )
    model = _hf.AutoModelForCausalLM.from_pretrained(
        checkpoint.folder,
        dtype=dtype,
        device_map={"": device},
        use_safetensors=True,
        local_files_only=True,
        trust_remote_code=False,
        **packing,
    )
    for layer in model.modules():
        # Else bitsandbytes packs the weights again at the first evaluation on a CPU, for a kernel
        # that has no gradient, and the training after it is silently wrong.
        if hasattr(layer, "support_avx512bf16_for_cpu"):
            layer.support_avx512bf16_for_cpu = False
    return model
