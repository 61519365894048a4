"""deploy/tgi.env as Docker reads it: the values, and the part of them that others need.

Lines of tgi.local.env beside it, which git ignores, take the place of those with the same name.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.env_files import ZERO_ADAPTER, local_of
from core.errors import UserError
from core.extras import restore_command
from core.files import SECRET, access_hint, private_folder, whole_file

HINT = "opsctl doctor checks every line of it"
ADAPTERS = "/data/adapters"  # in the container
_LOCAL_HEAD = b"# Of this machine: each line takes the place of the one of its name in tgi.env.\n"
# The name of the variable with what is before it, and the value; the end of the line stays out.
_DECLARED = re.compile(
    rb"^((?:\xef\xbb\xbf)?[ \t]*LORA_ADAPTERS)(?:=([^\r\n]*))?(?=\r?$)", re.MULTILINE
)


@dataclass(frozen=True)
class Line:
    """A line that means something: where it is, the name, and the value if it has an `=`."""

    file: Path
    number: int
    name: str
    value: str | None

    @property
    def place(self) -> str:
        """Where it is, in words."""
        return f"{self.file}, line {self.number}"


@dataclass(frozen=True)
class ServerConfig:
    """The model, the adapters (name to folder in the container) and the limits of the server."""

    model_id: str
    adapters: dict[str, str]
    max_input: int
    max_total: int
    prefill: int = 4096
    fraction: float = 1.0
    max_concurrent: int = 128

    @classmethod
    def load(cls, path: Path) -> "ServerConfig":
        """Read the file; what it leaves out has TGI's default. Raise UserError if it cannot be."""
        found = {line.name: line for line in lines(path) if line.value is not None}
        for name in ("MODEL_ID", "MAX_INPUT_TOKENS", "MAX_TOTAL_TOKENS"):
            if not (name in found and found[name].value):
                place = found[name].place if name in found else path
                raise UserError(f"{place}: {name} is not set", HINT)
        adapters = found.get("LORA_ADAPTERS")
        return cls(
            model_id=found["MODEL_ID"].value or "",
            adapters=dict(adapter_entries(adapters.value or "" if adapters else "")),
            max_input=_whole(found, "MAX_INPUT_TOKENS", 0),
            max_total=_whole(found, "MAX_TOTAL_TOKENS", 0),
            prefill=_whole(found, "MAX_BATCH_PREFILL_TOKENS", cls.prefill),
            fraction=_fraction(found),
            max_concurrent=_whole(found, "MAX_CONCURRENT_REQUESTS", cls.max_concurrent),
        )


def read(path: Path) -> dict[str, str]:
    """The values by Docker's rules; names without `=` are the caller's to give. Raise UserError."""
    return {line.name: line.value for line in lines(path) if line.value is not None}


def lines(path: Path) -> list[Line]:
    """The lines that mean something, as Docker cuts them: values keep quotes and last blanks."""
    local = _lines(local_of(path)) if local_of(path).is_file() else []
    names = {line.name for line in local}
    return [*(line for line in _lines(path) if line.name not in names), *local]


def write_merged(path: Path, merged: Path) -> None:
    """Write the lines into one file: Docker would hand on a variable that stands in two twice."""
    private_folder(merged.parent)
    with whole_file(merged, SECRET) as draft:
        draft.write_text(_text(path), encoding="utf-8")


def _lines(path: Path) -> list[Line]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"there is no {path}", _restore(path)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({error})", f"ls -l {path}") from error
    found = []
    for number, row in enumerate(text.split("\n"), start=1):
        row = row.removesuffix("\r").lstrip()
        if row and not row.startswith("#"):
            name, equals, value = row.partition("=")
            found.append(Line(path, number, name, value if equals else None))
    return found


def file_hash(path: Path) -> str:
    """sha256 of the lines that mean something, in their order: comments do not count."""
    return hashlib.sha256(_text(path).encode()).hexdigest()


def _text(path: Path) -> str:
    found = lines(path)
    return "".join(
        f"{line.name}\n" if line.value is None else f"{line.name}={line.value}\n" for line in found
    )


def _restore(path: Path) -> str:
    if path.name == "tgi.env" and path.parent.name == "deploy":
        return restore_command(path)
    return "set OPSCTL_TGI_ENV to its path"


def adapter_entries(text: str) -> list[tuple[str, str]]:
    """The name and the folder of each adapter; a Hub name stands for both. In the file's order."""
    entries = [entry.strip() for entry in text.split(",") if entry.strip()]
    pairs = [entry.partition("=") for entry in entries]
    return [(name.partition("@")[0], path or name) for name, _, path in pairs]


def put_adapter_first(path: Path, name: str) -> tuple[str, str]:
    """Make an adapter the first of LORA_ADAPTERS, and zero the last; return the old value and new.

    It is written to the local file. One that is not declared yet is in ADAPTERS. Nothing else
    changes, and nothing at all when the adapter is the first already. Raise UserError if the file
    cannot be written.
    """
    old = read(path).get("LORA_ADAPTERS", "")
    new = _with_first(old, name)
    local = local_of(path)
    try:
        content = local.read_bytes() if local.is_file() else _LOCAL_HEAD
        if new != old:
            _replace(local.resolve(), _with_value(content, new.encode()))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UserError(f"{local} cannot be written ({reason})", access_hint(local)) from error
    return old, new


def _with_first(old: str, name: str) -> str:
    entries = {
        adapter_entries(entry)[0][0]: entry.strip() for entry in old.split(",") if entry.strip()
    }
    if next(iter(entries), "") == name and ZERO_ADAPTER in entries:
        return old
    first = entries.pop(name, f"{name}={ADAPTERS}/{name}")
    zero = entries.pop(ZERO_ADAPTER, f"{ZERO_ADAPTER}={ADAPTERS}/{ZERO_ADAPTER}")
    return ",".join([first, *entries.values(), zero])


def _with_value(content: bytes, value: bytes) -> bytes:
    """The file with another value in the last line of LORA_ADAPTERS, or with one such line more."""
    if found := list(_DECLARED.finditer(content)):
        start, end = found[-1].span()
        return content[:start] + found[-1][1] + b"=" + value + content[end:]
    newline = b"\r\n" if b"\r\n" in content else b"\n"
    gap = newline if content and not content.endswith(b"\n") else b""
    return content + gap + b"LORA_ADAPTERS=" + value + newline


def _replace(path: Path, content: bytes) -> None:
    """Write the file whole or not at all; who may read it stays."""
    with whole_file(path) as draft, draft.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
        if path.exists():
            shutil.copymode(path, draft)


def _whole(found: Mapping[str, Line], name: str, default: int) -> int:
    if name not in found:
        return default
    line, text = found[name], found[name].value or ""
    if not (text.isascii() and text.isdigit() and int(text)):
        sentence = f"{line.place}: {name} is {text!r}, not a whole number above 0"
        raise UserError(sentence, HINT)
    return int(text)


def _fraction(found: Mapping[str, Line]) -> float:
    line = found.get("CUDA_MEMORY_FRACTION")
    if line is None:
        return ServerConfig.fraction
    try:
        value = float(line.value or "")
    except ValueError:
        value = 0.0
    if not 0 < value <= 1:
        sentence = f"{line.place}: {line.name} is {line.value!r}, not a number above 0 and up to 1"
        raise UserError(sentence, HINT)
    return value
