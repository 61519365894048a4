"""deploy/tgi.env as Docker reads it: the values, and the part of them that others need."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from indexer.errors import UserError

HINT = "opsctl doctor checks every line of it"


@dataclass(frozen=True)
class Line:
    """A line that means something: its number, the name, and the value if it has an `=`."""

    number: int
    name: str
    value: str | None


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
        """Read the file; what it leaves out has TGI's default. Raise UserError if it can not be."""
        values = read(path)
        for name in ("MODEL_ID", "MAX_INPUT_TOKENS", "MAX_TOTAL_TOKENS"):
            if not values.get(name):
                raise UserError(f"{path}: {name} is not set", HINT)
        return cls(
            model_id=values["MODEL_ID"],
            adapters=dict(adapter_entries(values.get("LORA_ADAPTERS", ""))),
            max_input=_whole(path, values, "MAX_INPUT_TOKENS", 0),
            max_total=_whole(path, values, "MAX_TOTAL_TOKENS", 0),
            prefill=_whole(path, values, "MAX_BATCH_PREFILL_TOKENS", cls.prefill),
            fraction=_fraction(path, values),
            max_concurrent=_whole(path, values, "MAX_CONCURRENT_REQUESTS", cls.max_concurrent),
        )


def read(path: Path) -> dict[str, str]:
    """The values by Docker's rules; names without `=` are the caller's to give. Raise UserError."""
    return {line.name: line.value for line in lines(path) if line.value is not None}


def lines(path: Path) -> list[Line]:
    """The lines that mean something, as Docker cuts them: values keep quotes and last blanks."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"there is no {path}", f"git checkout -- {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} can not be read ({error})", f"ls -l {path}") from error
    found = []
    for number, row in enumerate(text.split("\n"), start=1):
        row = row.removesuffix("\r").lstrip()
        if row and not row.startswith("#"):
            name, equals, value = row.partition("=")
            found.append(Line(number, name, value if equals else None))
    return found


def file_hash(path: Path) -> str:
    """sha256 of the lines that mean something, in their order: comments do not count."""
    text = "\n".join(f"{line.name}={line.value}" for line in lines(path))
    return hashlib.sha256(text.encode()).hexdigest()


def adapter_entries(text: str) -> list[tuple[str, str]]:
    """The name and the folder of each adapter; a Hub name stands for both. In the file's order."""
    entries = [entry.strip() for entry in text.split(",") if entry.strip()]
    pairs = [entry.partition("=") for entry in entries]
    return [(name.partition("@")[0], path or name) for name, _, path in pairs]


def _whole(path: Path, values: dict[str, str], name: str, default: int) -> int:
    text = values.get(name, str(default))
    if not (text.isascii() and text.isdigit() and int(text)):
        raise UserError(f"{path}: {name} is {text!r}, not a whole number above 0", HINT)
    return int(text)


def _fraction(path: Path, values: dict[str, str]) -> float:
    text = values.get("CUDA_MEMORY_FRACTION", "1.0")
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 1:
        raise UserError(
            f"{path}: CUDA_MEMORY_FRACTION is {text!r}, not a number above 0 and up to 1", HINT
        )
    return value
