"""Brings a model, its tokenizer and its adapters into memory."""

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
import torch
import transformers
from peft import PeftConfig, PeftModelForCausalLM
from transformers import GenerationConfig, PreTrainedModel, PreTrainedTokenizerFast

from localtgi.model import gptq, int4
from localtgi.model.checkpoint import Checkpoint
from localtgi.model.errors import StartError
from localtgi.model.language import LanguageModel
from localtgi.model.packing import Packing

DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
GIB = 2**30
UNPACKED = "slow: each layer is unpacked for every token"
_hf: Any = transformers  # parts of it have no types


def load(
    checkpoint: Checkpoint,
    adapters: Mapping[str, Path],
    device: str,
    dtype: str,
    cache: Path,
    say: Callable[[str], None],
) -> LanguageModel:
    """Load everything, telling each phase. Raise StartError if something does not fit.

    Weights packed for a CPU are kept in `cache` where the model's own folder cannot hold them.
    """
    _hf.utils.logging.set_verbosity_error()
    _hf.utils.logging.disable_progress_bar()
    place = choose_device(device)
    kind = choose_dtype(dtype, place, checkpoint.dtype)
    check_memory(checkpoint.bytes_needed(kind.itemsize), place)
    say(f"loading model {checkpoint.folder} ({kind}, {place})".replace("torch.", ""))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tokenizer = _hf.AutoTokenizer.from_pretrained(
                checkpoint.folder, trust_remote_code=False
            )
            if not checkpoint.quantization:
                model = _load_weights(checkpoint, place, kind)
            elif exact := _why_unpacked(place, dtype):
                say(exact)
                model = gptq.load(checkpoint, kind, place)
            else:
                model = gptq.load(checkpoint, kind, place, Packing(checkpoint, cache, say))
            switch = _load_adapters(model, adapters, say)
    except StartError:
        raise
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise StartError(f"no memory for the model in {checkpoint.folder}") from error
    except Exception as error:
        reason = " ".join(str(error).split())
        raise StartError(f"{checkpoint.folder} cannot be loaded: {reason[:300]}") from error
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise StartError(f"the tokenizer in {checkpoint.folder} is not a fast one")
    ends = _end_tokens(checkpoint.folder, tokenizer)
    return LanguageModel(model, tokenizer, switch, frozenset(adapters), ends)


def choose_device(name: str) -> torch.device:
    """The device for `auto`, `cpu` or `cuda`."""
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise StartError("there is no CUDA device; leave --device out to use the CPU")
    return torch.device("cuda" if there and name != "cpu" else "cpu")


def choose_dtype(name: str, device: torch.device, stored: str) -> torch.dtype:
    """float32 on a CPU; on a GPU the half precision of the checkpoint, if the GPU has it."""
    if name != "auto":
        return DTYPES[name]
    if device.type == "cpu":
        return torch.float32
    if torch.cuda.get_device_capability(device) < (8, 0) or stored == "float16":
        return torch.float16
    return torch.bfloat16


def check_memory(needed: int, device: torch.device) -> None:
    """Raise StartError if the weights, `needed` bytes, are more than what is free."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
    else:
        free = psutil.virtual_memory().available
    if needed > free:
        amount = f"{needed / GIB:.1f} GiB, and {free / GIB:.1f} GiB are free"
        raise StartError(f"no memory for the model: its weights need {amount} on {device.type}")


def _load_weights(
    checkpoint: Checkpoint, device: torch.device, dtype: torch.dtype
) -> PreTrainedModel:
    config = _hf.AutoConfig.from_pretrained(checkpoint.folder, trust_remote_code=False)
    model, report = _hf.AutoModelForCausalLM.from_pretrained(
        checkpoint.folder,
        config=config,
        dtype=dtype,
        device_map={"": device},
        use_safetensors=True,
        local_files_only=True,
        trust_remote_code=False,
        output_loading_info=True,
    )
    if report["missing_keys"]:
        name = sorted(report["missing_keys"])[0]
        raise StartError(f"{checkpoint.folder} has no weights for {name}")
    loaded: PreTrainedModel = model
    return loaded


def _why_unpacked(device: torch.device, dtype: str) -> str:
    """Why the 4-bit weights of each layer are unpacked for every token; empty: they need not be."""
    if device.type == "cuda":
        return f"{UNPACKED}; on a GPU a quicker server is: opsctl start --server vllm, or llamacpp"
    if not int4.instructions():
        return f"{UNPACKED}: torch's int4 kernel needs AVX2 or AVX-512, which this CPU has not"
    return f"{UNPACKED}, because of --dtype {dtype}" if dtype != "auto" else ""


def _load_adapters(
    model: PreTrainedModel, adapters: Mapping[str, Path], say: Callable[[str], None]
) -> PeftModelForCausalLM | None:
    """Put the adapters into the model's layers, none of them switched on."""
    peft: PeftModelForCausalLM | None = None
    for name, folder in adapters.items():
        say(f"loading adapter {name}")
        try:
            config = PeftConfig.from_pretrained(str(folder))
            config.inference_mode = True
            if peft is None:
                peft = PeftModelForCausalLM(model, config, adapter_name=name)
            report: Any = peft.load_adapter(str(folder), name, local_files_only=True)
        except (ValueError, RuntimeError, TypeError, KeyError) as error:
            reason = " ".join(str(error).split())[:300]
            raise StartError(f"adapter {name} does not fit the model: {reason}") from error
        strangers = [*report.missing_keys, *report.unexpected_keys]
        if strangers:
            raise StartError(f"adapter {name} does not fit the model: {strangers[0]} has no match")
    return peft


def _end_tokens(folder: Path, tokenizer: PreTrainedTokenizerFast) -> frozenset[int]:
    """The ids that end an answer: the generation config's, as in TGI, else the tokenizer's."""
    ends: int | list[int] | None = None
    if (folder / "generation_config.json").is_file():
        ends = GenerationConfig.from_pretrained(folder).eos_token_id
    if not isinstance(ends, list):
        ends = [tokenizer.eos_token_id]
    return frozenset(end for end in ends if end is not None)
