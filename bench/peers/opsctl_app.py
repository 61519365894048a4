"""This project's own index in one process: an update and warm questions."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path

import numpy as np

from assistant.retrieve import embedder_for_indexing, make_searcher
from bench.peers import cli
from core import settings
from indexer.embedders import Embedder, Matrix
from indexer.sync.reindex import Chunking, reindex


@cache
def embedder() -> Embedder:
    """The embedder that OPSCTL_EMBEDDER names."""
    return embedder_for_indexing(settings.load(), rebuild=False, say=lambda text: None)


def update(docs: Path, store: Path) -> cli.Result:
    """What `opsctl reindex` does; `store` is OPSCTL_STATE."""
    report = reindex(docs, settings.load().index, embedder(), Chunking())
    return {key: value for key, value in asdict(report).items() if isinstance(value, int)}


class Counting:
    """Counts what it is given."""

    name, revision, dimension = "counting", "1", 1
    weight: float | None = 1.0
    texts = characters = 0

    def knows(self, text: str) -> bool:
        """Every text counts."""
        return True

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Count."""
        self.texts += len(texts)
        self.characters += sum(map(len, texts))
        return np.ones((len(texts), 1), np.float32)

    encode_query = encode


def encoded(docs: Path, store: Path) -> cli.Result:
    """How much an embedder is given when the folder is indexed."""
    counting = Counting()
    reindex(docs, store, counting, Chunking())
    return {"texts": counting.texts, "characters": counting.characters}


def load(store: Path) -> cli.Search:
    """Search in the index that `opsctl reindex` made in OPSCTL_STATE, which is `store`."""
    searcher = make_searcher(settings.load())

    def search(question: str) -> str:
        hits = searcher.search(question).hits
        return hits[0].file if hits else ""

    return search


if __name__ == "__main__":
    cli.main(load=load, ready=embedder, update=update, encoded=encoded)
