"""An adapter for llama.cpp, made from peft's files: the whole file or none."""

from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files import access_hint, private_folder, whole_file
from opsctl.hub.failures import NO_ROOM
from opsctl.llamacpp.header import Header
from opsctl.llamacpp.peft import ARCHITECTURE, PeftAdapter


def convert(folder: Path, base: Header, target: Path) -> None:
    """Write the adapter of `folder` for the model `base`.

    The same files give the same bytes, so `is_made_from` can tell whether a file is theirs.
    Raises UserError where they do not fit, or the disk is full.
    """
    try:
        private_folder(target.parent)
        with whole_file(target) as draft:
            _write(PeftAdapter(folder), base, draft)
    except OSError as error:
        raise _on_disk(error, target) from error


def is_made_from(folder: Path, base: Header, target: Path) -> bool:
    """Tell whether `target` is, to the byte, what the adapter's files give for this model."""
    if not target.is_file():
        return False
    fresh = target.with_name(f"{target.name}.compared")
    try:
        convert(folder, base, fresh)
        return fresh.read_bytes() == target.read_bytes()
    finally:
        fresh.unlink(missing_ok=True)


def _write(adapter: PeftAdapter, base: Header, path: Path) -> None:
    import gguf
    import numpy as np

    class Told(np.ndarray[Any, Any]):
        """Numbers whose writing fails aloud: numpy's own `tofile` is silent on a full disk."""

        def tofile(self, stream: Any, *_: Any) -> None:
            stream.write(self.tobytes())

    writer = gguf.GGUFWriter(path, ARCHITECTURE)
    try:
        writer.add_type("adapter")
        writer.add_string("adapter.type", "lora")
        writer.add_float32("adapter.lora.alpha", adapter.alpha)
        for part in adapter.parts(base):
            writer.add_tensor(f"{part.base}.lora_{part.side}", part.numbers.view(Told))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()


def _on_disk(error: OSError, target: Path) -> UserError:
    if error.errno in NO_ROOM:
        return UserError(
            f"no room to write the adapter {target} ({error.strerror})",
            "free some space (df -h shows it), then the same command",
        )
    return UserError(f"{target} cannot be written ({error.strerror})", access_hint(target))
