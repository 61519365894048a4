"""Finds what would bite in deploy/tgi.env: by Docker's rules, by TGI 3.3.7's, and by ours."""

import difflib
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.server_file import ZERO_ADAPTER, Line, ServerFile, adapter_entries
from opsctl.tgi.traps import TRAPS, TRAPS_OF_ADAPTERS, Result

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
    for rule in (_traps, _model, _adapters, _lengths):
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


def _traps(values: Values) -> Iterator[Found]:
    for trap in TRAPS + (TRAPS_OF_ADAPTERS if "LORA_ADAPTERS" in values else ()):
        value = values.get(trap.name)
        if trap.bites(value):
            yield trap.result, trap.name, trap.message.format(value=value), trap.fix


def _model(values: Values) -> Iterator[Found]:
    model = values.get("MODEL_ID", "")
    if not model:
        message = "MODEL_ID is not set, and TGI would load a model of its own choice"
        yield "failed", "MODEL_ID", message, f"MODEL_ID={MODELS}NAME"
    elif not posixpath.normpath(model).startswith(MODELS):
        message = f"MODEL_ID is {model}, not a folder in {MODELS}"
        yield "failed", "MODEL_ID", message, f"opsctl download, and MODEL_ID={MODELS}NAME"
    quantize = values.get("QUANTIZE", "gptq" if "gptq" in model.lower() else "")
    if "DTYPE" in values and quantize == "gptq":
        message = "DTYPE cannot be set with a GPTQ model, which runs in float16"
        yield "failed", "DTYPE", message, "remove DTYPE"


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
