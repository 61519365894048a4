"""Packs the layers of a GPTQ model for the kernel of a CPU, and keeps them for the next start.

They stay in a folder beside the weights, or in another where that one cannot be written: a file for
each layer, whole or not there, and `of.json`, which says what they were made of.
"""

import errno
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from localtgi.model import int4
from localtgi.model.checkpoint import Checkpoint

PHASE = "packing the weights for this CPU"
RECORD = "of.json"
GB = 1e9


class Packing:
    """The layers of one model as the kernel takes them."""

    def __init__(self, checkpoint: Checkpoint, spare: Path, say: Callable[[str], None]) -> None:
        self._spare = spare
        self._source = _Source(checkpoint)
        self._say = say
        self._folder: Path | None = None
        self._seen = self._unfit = self._told = 0

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep what is packed in this block: beside the weights, or else in the spare folder."""
        with ExitStack() as held:
            for place in (self._source.folder, self._spare / self._source.name):
                folder = place / f"packed-{int4.instructions()}"
                try:
                    folder.mkdir(parents=True, exist_ok=True)
                    held.enter_context(_alone_in(folder, self._say))
                    _make_ready(folder, self._source)
                except OSError as error:
                    self._give_up(folder, error)
                else:
                    self._folder = folder
                    break
            yield
        if self._unfit:
            layers = (
                f"{self._unfit} of {self._seen} layers are not of a shape that the kernel takes"
            )
            self._say(f"{layers}: they are unpacked for every token")

    def layer(self, name: str, weights: tuple[Tensor, Tensor, Tensor, Tensor]) -> int4.Packed:
        """A layer, from its file where there is one; empty: the kernel does not take it."""
        self._seen += 1
        file = self._folder / f"{name}.safetensors" if self._folder else None
        if file:
            with suppress(OSError, SafetensorError):
                return load_file(file)
        made = int4.pack(*weights)
        self._unfit += not made
        if made:
            self._tell_progress()
        if made and file:
            try:
                with _draft(file) as draft:
                    save_file(dict(made), draft)
                return load_file(file)  # which maps it: less memory than what was made
            except (OSError, SafetensorError) as error:
                self._folder = None
                self._give_up(file.parent, error)
        return made

    def _give_up(self, folder: Path, error: Exception) -> None:
        with suppress(OSError):
            _clear(folder)
            folder.rmdir()
        reason = getattr(error, "strerror", None) or error
        self._say(f"packed weights cannot be kept in {folder} ({reason})")

    def _tell_progress(self) -> None:
        percent = 100 * (self._seen - 1) // self._source.layers
        if self._seen == 1 or percent >= self._told + 10:
            self._told = percent
            kept = f"once, in {self._folder}" if self._folder else "at each start"
            self._say(f"{PHASE}, {kept}: {percent} %")


class _Source:
    """The files of a model, and what tells them from those of another."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.files = checkpoint.files
        self.folder = checkpoint.folder.resolve()
        self.name = f"{self.folder.name}-{hashlib.sha256(bytes(self.folder)).hexdigest()[:16]}"
        packed = [t.bytes for name, t in checkpoint.tensors.items() if name.endswith(".qweight")]
        scales = [t.bytes for name, t in checkpoint.tensors.items() if name.endswith(".scales")]
        self.layers = len(packed)
        self.bytes = sum(packed) + 2 * sum(scales)

    @cached_property
    def look(self) -> list[Any]:
        """What changes whenever somebody writes into the files, quickly found out."""
        stats = [file.stat() for file in self.files]
        return [[s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns] for s in stats]

    @cached_property
    def content(self) -> str:
        """A hash of all that is in the files, and of the torch that packs it."""
        whole = hashlib.sha256(torch.__version__.encode())
        for file in self.files:
            with file.open("rb") as stream:
                whole.update(hashlib.file_digest(stream, "sha256").digest())
        return whole.hexdigest()


def _make_ready(folder: Path, source: _Source) -> None:
    """Leave only layers of the source in a folder. OSError: it cannot hold them."""
    found = _read(folder / RECORD)
    if found.get("look") == source.look and found.get("torch") == torch.__version__:
        return
    same = found.get("content") == source.content
    if not same:
        _clear(folder)
        _check_room(folder, source.bytes)
    record = {"torch": torch.__version__, "look": source.look, "content": source.content}
    try:
        with _draft(folder / RECORD) as draft:
            draft.write_text(json.dumps(record))
    except OSError:
        if not same:
            raise


def _read(record: Path) -> dict[str, Any]:
    try:
        found = json.loads(record.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise OSError(errno.ENOSPC, f"{needed / GB:.1f} GB are needed, {free / GB:.1f} are free")


def _clear(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()


@contextmanager
def _draft(file: Path) -> Iterator[Path]:
    """A file to write that takes the place of `file` when it is whole."""
    draft = file.with_name(f"{file.name}.part")
    try:
        yield draft
        draft.replace(file)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


@contextmanager
def _alone_in(folder: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Let one process at a time pack into a folder."""
    number = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another process packs these weights: waiting for it")
            fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)
