"""This project's own index, warm: its other steps are commands of opsctl."""

from pathlib import Path

from assistant import settings
from assistant.retrieve import make_searcher
from bench.peers import cli


def load(store: Path) -> cli.Search:
    """Search in the index that `opsctl reindex` made in OPSCTL_STATE, which is `store`."""
    searcher = make_searcher(settings.load())

    def search(question: str) -> str:
        hits = searcher.search(question).hits
        return hits[0].file if hits else ""

    return search


if __name__ == "__main__":
    cli.main(load=load)
