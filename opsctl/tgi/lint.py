"""Finds what would bite in deploy/tgi.env: by Docker's rules, by TGI 3.3.7's, and by ours."""

import difflib
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.server_file import ZERO_ADAPTER, Line, ServerFile, adapter_entries

Result = Literal["failed", "warning"]
Values = Mapping[str, str]
Found = tuple[Result, str, str, str]  # result, name of the variable, message, fix

MODELS, DATA = "/data/models/", "/data/"
SECRETS = {
    "API_KEY", "HF_TOKEN", "HF_API_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_HUB_TOKEN",
    "NGROK_AUTHTOKEN",
}  # fmt: skip
BOOLEANS = {
    "SHARDED", "TRUST_REMOTE_CODE", "DISABLE_CUSTOM_KERNELS", "JSON_OUTPUT", "NGROK",
    "DISABLE_GRAMMAR_SUPPORT", "ENABLE_PREFILL_LOGPROBS",
}  # fmt: skip
WHOLE = re.compile(r"MAX_\w+|NUM_SHARD|PORT|PAYLOAD_LIMIT|GRACEFUL_TERMINATION_TIMEOUT|SPECULATE")
POSITIVE = {
    "MAX_INPUT_TOKENS", "MAX_TOTAL_TOKENS", "MAX_BATCH_PREFILL_TOKENS", "MAX_CONCURRENT_REQUESTS",
}  # fmt: skip
# TGI passes over a name that it does not know, so that what was meant has no effect.
CLOSE = POSITIVE | {
    "MODEL_ID", "LORA_ADAPTERS", "CUDA_GRAPHS", "PREFIX_CACHING", "CUDA_MEMORY_FRACTION",
    "NUM_SHARD", "HF_HUB_OFFLINE", "QUANTIZE", "LOG_LEVEL", "JSON_OUTPUT",
    "GRACEFUL_TERMINATION_TIMEOUT",
}  # fmt: skip
_NAME = re.compile(r"[A-Z][A-Z_]+")


@dataclass(frozen=True)
class Finding:
    """What is wrong in a line (None: in the file as a whole), and how to mend it."""

    result: Result
    file: Path
    line: int | None
    message: str
    fix: str

    @property
    def place(self) -> str:
        """Where it is, in words."""
        return str(self.file) + (f", line {self.line}" if self.line else "")


def lint(server: ServerFile) -> list[Finding]:
    """Check every line and all of them together. Raise UserError if the file is missing."""
    path, found = server.path, server.lines
    last = {line.name: line for line in found}
    findings = [finding for line in found for finding in _of_line(line, last[line.name].number)]
    broken = {finding.place for finding in findings if finding.result == "failed"}
    values = {line.name: line.value for line in found if line.value and line.place not in broken}
    for rule in (_model, _hub, _adapters, _lengths, _choices):
        for result, name, message, fix in rule(values):
            if name in values or name not in last:
                line = _to_blame(path, name, message, last)
                file, number = (line.file, line.number) if line else (path, None)
                findings.append(Finding(result, file, number, message, fix))
    return sorted(findings, key=lambda one: (one.line is None, one.file != path, one.line or 0))


def _to_blame(path: Path, name: str, message: str, last: Mapping[str, Line]) -> Line | None:
    """The line of a finding; of several that cannot be used together, that of the local file."""
    named = [last[word] for word in (name, *_NAME.findall(message)) if word in last]
    return next((line for line in named if line.file != path), last.get(name))


def _of_line(line: Line, last: int) -> Iterator[Finding]:
    written = _writing(line) or _kind(line)
    if written:
        yield Finding("failed", line.file, line.number, *written)
    elif line.value is None:
        message = f"{line.name} has no value: Docker takes it from the shell that starts the server"
        yield Finding("warning", line.file, line.number, message, f"write {line.name}=value")
    if line.number != last:
        message = f"{line.name} is set again in line {last}"
        yield Finding("failed", line.file, line.number, message, "remove one of them")
    near = difflib.get_close_matches(line.name, CLOSE, n=1, cutoff=0.85)
    if near and near != [line.name] and not written:
        message = f"TGI knows no {line.name}"
        yield Finding("warning", line.file, line.number, message, f"is it {near[0]}?")


def _writing(line: Line) -> tuple[str, str] | None:
    """What Docker would take otherwise than it looks; a secret is never quoted."""
    name, value = line.name, line.value
    if any(blank in name for blank in " \t"):
        return f"{name!r} has a space in it, and Docker refuses that", "write NAME=value"
    if value is None:
        return None
    if not value.strip():
        fix = "remove the line, or make it a comment"
        return f"{name} is empty, which counts as set to nothing", fix
    if name in SECRETS:
        variable = "OPSCTL_API_KEY" if name == "API_KEY" else name
        fix = f"remove the line, and put {variable} into .env"
        return f"{name} is a secret in a file that is shared", fix
    if value[0] in "'\"" or value[-1] in "'\"":
        return f"{name} has quotes, which Docker keeps", "write the value without quotes"
    if " #" in value or "\t#" in value:
        fix = "put the comment on a line of its own"
        return f"{name} has a comment after it, which Docker takes for the value", fix
    if value != value.strip():
        fix = "remove the spaces around the value"
        return f"{name} begins or ends with a space, which Docker keeps", fix
    return None


def _kind(line: Line) -> tuple[str, str] | None:
    name, value = line.name, line.value
    if value is None:
        return None
    if name in BOOLEANS and value not in ("true", "false"):
        return f"{name} is {value}, and TGI takes true or false only", f"{name}=true"
    if WHOLE.fullmatch(name) and not (value.isascii() and value.isdigit()):
        return f"{name} is {value}, not a whole number", f"write {name} in digits"
    if name in POSITIVE and int(value) == 0:
        return f"{name} is 0", f"give {name} a number above 0"
    if name in ("CUDA_MEMORY_FRACTION", "TGI_WIGGLE_ROOM") and not _is_share(value):
        return f"{name} is {value}, not above 0 and up to 1", f"{name}=0.90"
    return None


def _is_share(text: str) -> bool:
    try:
        return 0 < float(text) <= 1
    except ValueError:
        return False


def _model(values: Values) -> Iterator[Found]:
    model = values.get("MODEL_ID", "")
    if not model:
        message = "MODEL_ID is not set, and TGI would load a model of its own choice"
        yield "failed", "MODEL_ID", message, f"MODEL_ID={MODELS}NAME"
    elif not posixpath.normpath(model).startswith(MODELS):
        message = f"MODEL_ID is {model}, not a folder in {MODELS}"
        yield "failed", "MODEL_ID", message, f"opsctl download, and MODEL_ID={MODELS}NAME"
    if "REVISION" in values:
        message = "REVISION makes TGI ask the Hub although the model is a folder"
        yield "failed", "REVISION", message, "remove REVISION: the manifest keeps the commit"
    quantize = values.get("QUANTIZE", "gptq" if "gptq" in model.lower() else "")
    if "DTYPE" in values and quantize == "gptq":
        message = "DTYPE cannot be set with a GPTQ model, which runs in float16"
        yield "failed", "DTYPE", message, "remove DTYPE"


def _hub(values: Values) -> Iterator[Found]:
    offline = values.get("HF_HUB_OFFLINE")
    if offline is None:
        message = "HF_HUB_OFFLINE is not set, so that every start asks the Hub"
        yield "warning", "HF_HUB_OFFLINE", message, "HF_HUB_OFFLINE=1"
    elif offline != "1":
        message = f"HF_HUB_OFFLINE is {offline}, and TGI's router takes 1 only"
        yield "failed", "HF_HUB_OFFLINE", message, "HF_HUB_OFFLINE=1"
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if name in values:
            message = f"{name} makes TGI's programs look for files in different places"
            yield "failed", name, message, f"remove {name}"


def _adapters(values: Values) -> Iterator[Found]:
    name = "LORA_ADAPTERS"
    if name not in values:
        return
    entries = adapter_entries(values[name])
    names = [title for title, _ in entries]
    for _, text in entries:
        yield from _adapter(text)
    if len(set(names)) < len(names):
        yield "failed", name, f"{name} has a name twice", "give each adapter its own name"
    if ZERO_ADAPTER not in names:
        message = f"{name} has no zero adapter, which stands for the base model"
        yield "failed", name, message, f"add ,zero={DATA}adapters/zero (opsctl download writes it)"
    if values.get("CUDA_GRAPHS") != "0":
        message = "with CUDA graphs the adapter is dropped after the first token, without an error"
        yield "failed", "CUDA_GRAPHS", message, "CUDA_GRAPHS=0"
    if values.get("PREFIX_CACHING", "").lower() not in ("0", "false"):
        message = "the prefix cache mixes up adapters, without an error"
        yield "failed", "PREFIX_CACHING", message, "PREFIX_CACHING=0"
    if values.get("SPECULATE", "0") != "0":
        message = "SPECULATE does not work with adapters"
        yield "failed", "SPECULATE", message, "remove SPECULATE"


def _adapter(entry: str) -> Iterator[Found]:
    name, fix = "LORA_ADAPTERS", f"write NAME={DATA}adapters/FOLDER"
    title, equals, folder = entry.partition("=")
    if not title or (equals and not folder):
        yield "failed", name, f"{name} has an empty entry", fix
    elif "=" in folder:
        yield "failed", name, f"{entry} has more than one =", fix
    elif "@" in entry:
        yield "failed", name, f"{entry} has an @, which TGI takes for a revision", fix
    elif not posixpath.normpath(folder).startswith(DATA):
        yield "failed", name, f"{entry} is not a folder in {DATA}", fix


def _lengths(values: Values) -> Iterator[Found]:
    if "MAX_INPUT_LENGTH" in values:
        both = "MAX_INPUT_TOKENS" in values
        message = "MAX_INPUT_LENGTH is the old name of MAX_INPUT_TOKENS"
        if both:
            message += ", and TGI refuses both at once"
        yield (
            "failed" if both else "warning",
            "MAX_INPUT_LENGTH",
            message,
            "remove MAX_INPUT_LENGTH",
        )
    for name in ("MAX_INPUT_TOKENS", "MAX_TOTAL_TOKENS"):
        if name not in values:
            message = f"{name} is not set, so that it changes with the free memory"
            yield "failed", name, message, f"set {name}"
    if "MAX_BATCH_PREFILL_TOKENS" not in values:
        message = "MAX_BATCH_PREFILL_TOKENS is not set, so that it changes with the card"
        yield "warning", "MAX_BATCH_PREFILL_TOKENS", message, "MAX_BATCH_PREFILL_TOKENS=2048"
    yield from _order(values)


def _order(values: Values) -> Iterator[Found]:
    longest, total = values.get("MAX_INPUT_TOKENS"), values.get("MAX_TOTAL_TOKENS")
    prefill, batch = (values.get(f"MAX_BATCH_{part}_TOKENS") for part in ("PREFILL", "TOTAL"))
    if longest and total and int(longest) >= int(total):
        message = f"MAX_INPUT_TOKENS is {longest}, not less than MAX_TOTAL_TOKENS, which is {total}"
        yield "failed", "MAX_INPUT_TOKENS", message, "leave room for the answer"
    chunked = values.get("PREFILL_CHUNKING", "1").lower() in ("1", "true")
    if longest and prefill and not chunked and int(longest) > int(prefill):
        message = "without PREFILL_CHUNKING an input must fit into MAX_BATCH_PREFILL_TOKENS"
        yield "failed", "PREFILL_CHUNKING", message, "remove PREFILL_CHUNKING"
    if batch and total and int(total) > int(batch):
        message = "MAX_BATCH_TOTAL_TOKENS is less than MAX_TOTAL_TOKENS"
        yield "failed", "MAX_BATCH_TOTAL_TOKENS", message, "remove MAX_BATCH_TOTAL_TOKENS"
    elif batch:
        message = "MAX_BATCH_TOTAL_TOKENS has no effect: CUDA_MEMORY_FRACTION limits the memory"
        yield "warning", "MAX_BATCH_TOTAL_TOKENS", message, "remove MAX_BATCH_TOTAL_TOKENS"


def _choices(values: Values) -> Iterator[Found]:
    if values.get("NUM_SHARD") != "1":
        message = "NUM_SHARD is not 1: TGI would spread the model over all GPUs"
        yield "warning", "NUM_SHARD", message, "NUM_SHARD=1"
    if values.get("PORT", "80") != "80":
        message = "PORT is not 80, the one that is published from the container"
        yield "failed", "PORT", message, "remove PORT; OPSCTL_SERVER_URL has the outer one"
    if "HOSTNAME" in values:
        message = "HOSTNAME is the address that TGI listens on inside the container"
        yield "failed", "HOSTNAME", message, "remove HOSTNAME: Docker gives the right one"
    if "CUDA_VISIBLE_DEVICES" in values:
        message = "CUDA_VISIBLE_DEVICES counts the one GPU that the container is given"
        yield "failed", "CUDA_VISIBLE_DEVICES", message, "remove it; OPSCTL_GPU chooses the GPU"
    if any(word in values.get("LOG_LEVEL", "").lower() for word in ("debug", "trace")):
        message = f"LOG_LEVEL={values['LOG_LEVEL']} writes what people ask into the log"
        yield "warning", "LOG_LEVEL", message, "LOG_LEVEL=info"
    if values.get("ENABLE_PREFILL_LOGPROBS") == "true":
        message = "ENABLE_PREFILL_LOGPROBS is for verifying and takes memory"
        yield "warning", "ENABLE_PREFILL_LOGPROBS", message, "ENABLE_PREFILL_LOGPROBS=false"
