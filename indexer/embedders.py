"""Embedders: text to unit vectors. A sentence-transformers model, or the built-in hashed stems."""

import hashlib
import math
import zlib
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from indexer import extras, words
from indexer.errors import UserError
from indexer.models import BUILTIN, is_hub_name, locate, not_here

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Matrix = NDArray[np.float32]

# Tokens a word. MiniLM on XQuAD: 1.2 in English, at most 2.75; 6.2 in Russian, at least 2.9.
FERTILITY = 3.0


class Embedder(Protocol):
    """What turns text into vectors; name, revision and dimension are recorded in the index."""

    name: str
    revision: str
    dimension: int
    weight: float
    """How much a cosine counts beside the lexical score; at 0 no vectors are made."""

    @property
    def tokenizer(self) -> "Tokenizer | None":
        """The tokenizer that bounds a passage, or None for the built-in estimate."""

    @property
    def window(self) -> int | None:
        """The longest text it reads, in tokens; None when it reads all."""

    def knows(self, text: str) -> bool:
        """Tell whether the model was made for the language of the text."""

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Return one unit row of `dimension` numbers a text."""


class HashedStems:
    """Signed feature hashing of stems: no model, no download, any language.

    Feature hashing: Weinberger et al., 2009, https://arxiv.org/abs/0902.2206. It knows no more
    than the lexical search does, so its weight is 0: at 0.1 hit@1 on XQuAD changes by -0.003 to
    0.002 (bench/retrieval.py).
    """

    name = BUILTIN
    revision = "1"  # what stems are is a version of the index, see identity.py
    dimension = 1024
    tokenizer = None
    window = None

    def __init__(self, weight: float | None = None) -> None:
        self.weight = weight or 0.0

    def knows(self, text: str) -> bool:
        """Any language is as good as another."""
        return True

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Return (len(texts), 1024): log-scaled stem counts in signed buckets, unit length."""
        matrix = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(matrix, texts, strict=True):
            for stem, count in Counter(map(words.stem, words.words(text))).items():
                code = zlib.crc32(stem.encode())
                row[code % self.dimension] += (1 + math.log(count)) * (1 if code >> 31 else -1)
        return _unit(matrix)


class SentenceTransformerEmbedder:
    """A sentence-transformers model on the CPU; the GPU belongs to the model server."""

    def __init__(self, name: str, folder: Path, weight: float | None = None) -> None:
        extras.check("neural")
        from sentence_transformers import SentenceTransformer

        self.name = name
        self.weight = 1.0 if weight is None else weight
        self.revision = _revision(folder)
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
        return _unit(np.asarray(matrix, dtype=np.float32))


def open_embedder(name: str, models: Path, weight: float | None = None) -> Embedder:
    """Load an embedder by name, with its own weight or another.

    Raises UserError when the model is nowhere to be had.
    """
    if name == BUILTIN:
        return HashedStems(weight)
    folder = locate(name, models)
    if folder is None:
        if is_hub_name(name):
            extras.check("neural")
        raise not_here(name)
    return SentenceTransformerEmbedder(name, folder, weight)


def _revision(folder: Path) -> str:
    """A fingerprint of a model folder: names and sizes of its files, content of the small ones."""
    sha = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(
            part.startswith(".") for part in path.parts[len(folder.parts) :]
        ):
            size = path.stat().st_size
            sha.update(f"{path.relative_to(folder)} {size}\n".encode())
            if size < 1 << 20:
                sha.update(path.read_bytes())
    return sha.hexdigest()[:16]


def _unit(matrix: Matrix) -> Matrix:
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.asarray(matrix / np.maximum(norms, 1e-12), dtype=np.float32)
