"""A sentence-transformers model as an embedder."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from core import extras
from indexer.embedders import folder as folders
from indexer.embedders.base import Matrix, sound
from indexer.embedders.prompts import prompts_of

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class SentenceTransformerEmbedder:
    """A sentence-transformers model on the CPU; the GPU belongs to the model server."""

    def __init__(self, name: str, folder: Path, weight: float | None = None) -> None:
        extras.check("neural")
        from sentence_transformers import SentenceTransformer

        self.name = name
        self.weight = weight
        self._prompts = prompts_of(name, folder)
        self.revision = folders.revision(folder, self._prompts)
        try:
            self._lock = Lock()  # its tokenizer is not to be used by two threads
            self._model: Any = SentenceTransformer(str(folder), device="cpu")
        except Exception as error:  # the loaders raise whatever their formats raise
            raise folders.cannot_load(folder, error) from error
        self.dimension = int(self._model.get_embedding_dimension())

    @cached_property
    def _tokenizer(self) -> "Tokenizer | None":
        """The model's own fast tokenizer, without its truncation; None when it has a slow one."""
        from tokenizers import Tokenizer

        backend = getattr(self._model.tokenizer, "backend_tokenizer", None)
        if backend is None:
            return None
        tokenizer: Tokenizer = Tokenizer.from_str(backend.to_str())
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    def knows(self, text: str) -> bool:
        """Tell by the tokenizer whether the model has seen the language."""
        return folders.knows(self._tokenizer, text)

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Return (len(texts), dimension), unit rows; long texts are read to their limit."""
        return self._encode(texts, self._prompts.passage)

    def encode_query(self, texts: Sequence[str]) -> Matrix:
        """The same with the prompt of a question."""
        return self._encode(texts, self._prompts.query)

    def _encode(self, texts: Sequence[str], prompt: str) -> Matrix:
        with self._lock:
            matrix = self._model.encode(
                list(texts),
                prompt=prompt,
                batch_size=8,  # sentences, as in onnx.py
                convert_to_numpy=True,
                show_progress_bar=False,
            )
        return sound(np.asarray(matrix, dtype=np.float32), self.name)
