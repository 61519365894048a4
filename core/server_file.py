"""deploy/tgi.env as Docker reads it: the lines, and the part of their values that others need.

Lines of tgi.local.env beside it, which git ignores, take the place of those with the same name.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from core.env_files import read_text
from core.errors import UserError
from core.extras import restore_command

HINT = "opsctl doctor checks every line of it"
ZERO_ADAPTER = "zero"


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


class ServerFile:
    """The file and its local one, read once. It may be missing until one of its lines is needed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.exists = path.is_file()
        local = _lines(local_of(path))
        names = {line.name for line in local}
        self._lines = [*(line for line in _lines(path) if line.name not in names), *local]

    @property
    def lines(self) -> list[Line]:
        """The lines that mean something. Raise UserError where the file is missing."""
        if not self.exists:
            raise UserError(f"there is no {self.path}", _restore(self.path))
        return self._lines

    @property
    def values(self) -> dict[str, str]:
        """The values by Docker's rules; names without `=` are the caller's to give."""
        return {line.name: line.value for line in self._lines if line.value is not None}

    @property
    def adapters(self) -> dict[str, str]:
        """The folder of each adapter; a Hub name stands for both. In the file's order."""
        entries = adapter_entries(self.values.get("LORA_ADAPTERS", ""))
        return {name: text.partition("=")[2] or text for name, text in entries if text}

    @property
    def first_adapter(self) -> str:
        """The adapter that requests name, whatever else is wrong: else the base would answer."""
        return next((name for name in self.adapters if name not in ("", ZERO_ADAPTER)), "")

    @property
    def text(self) -> str:
        """Both files as one: Docker would hand on a variable that stands in two twice."""
        return "".join(
            f"{line.name}\n" if line.value is None else f"{line.name}={line.value}\n"
            for line in self.lines
        )

    @property
    def hash(self) -> str:
        """sha256 of the lines that mean something, in their order: comments do not count."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def config(self) -> ServerConfig:
        """What others need; what is left out has TGI's default. Raise UserError if it cannot be."""
        found = {line.name: line for line in self.lines if line.value is not None}
        for name in ("MODEL_ID", "MAX_INPUT_TOKENS", "MAX_TOTAL_TOKENS"):
            if not (name in found and found[name].value):
                place = found[name].place if name in found else self.path
                raise UserError(f"{place}: {name} is not set", HINT)
        return ServerConfig(
            model_id=found["MODEL_ID"].value or "",
            adapters=self.adapters,
            max_input=_whole(found, "MAX_INPUT_TOKENS", 0),
            max_total=_whole(found, "MAX_TOTAL_TOKENS", 0),
            prefill=_whole(found, "MAX_BATCH_PREFILL_TOKENS", ServerConfig.prefill),
            fraction=_fraction(found),
            max_concurrent=_whole(found, "MAX_CONCURRENT_REQUESTS", ServerConfig.max_concurrent),
        )


def local_of(path: Path) -> Path:
    """The file beside it whose lines win, and which git ignores: tgi.local.env for tgi.env."""
    return path.with_name(f"{path.stem}.local{path.suffix}")


def adapter_entries(value: str) -> list[tuple[str, str]]:
    """Each adapter of LORA_ADAPTERS, empty entries too: its name, and all that is written of it."""
    texts = [text.strip(" \t\"'") for text in value.split(",")]
    return [(text.partition("=")[0].partition("@")[0], text) for text in texts]


def _lines(path: Path) -> list[Line]:
    """Values keep their quotes and last blanks, as Docker leaves them; none of a missing file."""
    found = []
    for number, row in enumerate(read_text(path).split("\n"), start=1):
        row = row.lstrip()
        if row and not row.startswith("#"):
            name, equals, value = row.partition("=")
            found.append(Line(path, number, name, value if equals else None))
    return found


def _restore(path: Path) -> str:
    if path.name == "tgi.env" and path.parent.name == "deploy":
        return restore_command(path)
    return "set OPSCTL_TGI_ENV to its path"


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
