"""The header of a GGUF file: what a model is, judged before a server loads gigabytes of it.

A file is: `GGUF`, its version, the numbers of tensors and of facts; the facts (name, type, value);
the tensors' names, shapes, types and places; their bytes.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from core.errors import UserError

VERSIONS = (2, 3)
# The types of facts that are numbers, and of those that are not.
NUMBERS = "BbHhIif?"  # by their number in the file
WIDE = {10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9
MOST = 1 << 24  # items of an array, bytes of a text: beyond it a file is damaged
# Elements and bytes of a block, by the type of a tensor, as gguf's constants have them.
BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34),
    9: (32, 40), 10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210),
    15: (256, 292), 16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18),
    21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8),
    28: (1, 8), 29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66), 39: (32, 17),
    40: (64, 36),
}  # fmt: skip


@dataclass(frozen=True)
class Tensor:
    """A tensor's shape (the row's length first), the number of its type, its place in the file."""

    shape: tuple[int, ...]
    type: int
    start: int

    @property
    def end(self) -> int:
        """Where its bytes end; of a type that is not known, where they begin."""
        elements, size = BLOCKS.get(self.type, (1, 0))
        for extent in self.shape:
            size *= extent
        return self.start + size // elements


@dataclass(frozen=True)
class Header:
    """What a file says of itself; arrays among the facts are only counted."""

    path: Path
    facts: dict[str, Any]
    tensors: dict[str, Tensor]

    @property
    def architecture(self) -> str:
        """Whose graph the model is, in llama.cpp's words."""
        return str(self.facts.get("general.architecture", ""))

    @property
    def template(self) -> str:
        """The chat template; empty where there is none."""
        return str(self.facts.get("tokenizer.chat_template", ""))

    def number(self, name: str, default: int = 0) -> int:
        """A whole number among the facts of the architecture."""
        found = self.facts.get(f"{self.architecture}.{name}", default)
        return found if isinstance(found, int) else default

    @property
    def bytes(self) -> int:
        """The size that the whole file must have."""
        return max((tensor.end for tensor in self.tensors.values()), default=0)


def read(path: Path) -> Header:
    """Read the header of a whole file. Raise UserError where it is none, or cut off."""
    try:
        with path.open("rb") as stream:
            hint = f"rm {path}, then fetch it again"
            return read_from(stream, path, path.stat().st_size, hint)
    except FileNotFoundError as error:
        raise UserError(f"there is no file {path}", f"ls -l {path.parent}") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror})", f"ls -l {path}") from error


def read_from(stream: BinaryIO, path: Path, size: int, hint: str) -> Header:
    """Read the header at the beginning of a stream, which has so many bytes in all."""
    try:
        header = _Reader(stream, path).header()
    except (EOFError, struct.error, ValueError, KeyError, OverflowError) as error:
        raise UserError(f"{path} is no GGUF file, or is cut off in its header", hint) from error
    if size < header.bytes:
        raise UserError(f"{path} is cut off: {size} of {header.bytes} bytes are there", hint)
    return header


class _Reader:
    """Reads a stream in the order of the file; raises EOFError where it ends."""

    def __init__(self, stream: BinaryIO, path: Path) -> None:
        self._stream, self._path = stream, path
        self._place = 0

    def header(self) -> Header:
        if self._take(4) != b"GGUF":
            raise ValueError("magic")
        version, tensors, facts = self._unpack("IQQ")
        if version not in VERSIONS or max(tensors, facts) > MOST:
            raise ValueError("version")
        told = {self._text(): self._value(self._unpack("I")[0]) for _ in range(facts)}
        found = {self._text(): self._tensor() for _ in range(tensors)}
        align = told.get("general.alignment", 32)
        base = -(-self._place // align) * align
        return Header(
            self._path,
            told,
            {name: Tensor(t.shape, t.type, base + t.start) for name, t in found.items()},
        )

    def _tensor(self) -> Tensor:
        (dimensions,) = self._unpack("I")
        if dimensions > 4:
            raise ValueError("dimensions")
        shape = self._unpack(f"{dimensions}Q")
        return Tensor(shape, *self._unpack("IQ"))

    def _value(self, kind: int) -> Any:
        if kind == STRING:
            return self._text()
        if kind != ARRAY:
            return self._unpack(_code(kind))[0]
        item, count = self._unpack("IQ")
        if count > MOST:
            raise ValueError("array")
        if item in (STRING, ARRAY):
            for _ in range(count):
                self._value(item)
        else:
            self._take(count * struct.calcsize(f"<{_code(item)}"))
        return count

    def _text(self) -> str:
        (length,) = self._unpack("Q")
        if length > MOST:
            raise ValueError("text")
        return self._take(length).decode("utf-8", "replace")

    def _unpack(self, code: str) -> tuple[Any, ...]:
        return struct.unpack(f"<{code}", self._take(struct.calcsize(f"<{code}")))

    def _take(self, count: int) -> bytes:
        found = self._stream.read(count)
        if len(found) < count:
            raise EOFError
        self._place += count
        return found


def _code(kind: int) -> str:
    return NUMBERS[kind] if kind < len(NUMBERS) else WIDE[kind]
