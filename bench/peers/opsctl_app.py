"""This project's own index, warm: its other steps are commands of opsctl."""

from pathlib import Path

from bench.peers import cli


def load(store: Path) -> cli.Search:
    """Search in the index that `opsctl reindex` made in OPSCTL_STATE."""
    # TO FILL IN: from indexer.search import ...; open the index under `store` with the embedder
    # named by OPSCTL_EMBEDDER, return a function from a question to the name of its best file.
    raise NotImplementedError("bench/peers/opsctl_app.py: load")


if __name__ == "__main__":
    cli.main(load=load)
