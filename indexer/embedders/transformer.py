"""A sentence-transformers model as an embedder."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from indexer import extras, words
from indexer.embedders.base import Matrix, unit
from indexer.embedders.folder import revision
from indexer.errors import UserError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# Tokens a word. MiniLM on XQuAD: 1.2 in English, at most 2.75; 6.2 in Russian, at least 2.9.
FERTILITY = 3.0


class SentenceTransformerEmbedder:
    """A sentence-transformers model on the CPU; the GPU belongs to the model server."""

    def __init__(self, name: str, folder: Path, weight: float | None = None) -> None:
        extras.check("neural")
        from sentence_transformers import SentenceTransformer

        self.name = name
        self.weight = weight
        self.revision = revision(folder)
        try:
            self._model: Any = SentenceTransformer(str(folder), device="cpu")
        except Exception as error:  # the loaders raise whatever their formats raise
            hint = "download it again, or use the built-in one: OPSCTL_EMBEDDER=builtin"
            raise UserError(f"the embedder in {folder} cannot be loaded: {error}", hint) from error
        self.dimension = int(self._model.get_embedding_dimension())

    @cached_property
    def tokenizer(self) -> "Tokenizer | None":
        """The model's own fast tokenizer, without its truncation; None when it has a slow one."""
        from tokenizers import Tokenizer

        backend = getattr(self._model.tokenizer, "backend_tokenizer", None)
        if backend is None:
            return None
        tokenizer: Tokenizer = Tokenizer.from_str(backend.to_str())
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @property
    def window(self) -> int | None:
        """The longest text the model reads, in its own tokens, less the two it adds."""
        longest = self._model.max_seq_length
        return int(longest) - 2 if longest else None

    def knows(self, text: str) -> bool:
        """A tokenizer that cuts the words into letters has not seen their language."""
        if self.tokenizer is None:
            return True
        tokens = self.tokenizer.encode(text, add_special_tokens=False).ids
        return len(tokens) <= FERTILITY * len(words.words(text))

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Return (len(texts), dimension), unit rows; long texts are read up to the window."""
        matrix = self._model.encode(
            list(texts), batch_size=32, convert_to_numpy=True, show_progress_bar=False
        )
        return unit(np.asarray(matrix, dtype=np.float32))

    def encode_query(self, texts: Sequence[str]) -> Matrix:
        """The same for questions."""
        return self.encode(texts)
