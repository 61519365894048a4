"""An index of thirty notes, for bots that answer from it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.embedders import HashedStems
from indexer.sync.reindex import Chunking, reindex
from tests.workspace import note


@pytest.fixture(scope="session")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder: its index holds notes 1 to 30, each a file of its own."""
    state = tmp_path_factory.mktemp("notes")
    documents = state / "documents"
    documents.mkdir()
    for number in range(1, 31):
        (documents / f"note{number}.txt").write_text(note(number), encoding="utf-8")
    reindex(documents, state / "index", HashedStems(), Chunking())
    return state


@pytest.fixture(scope="session", autouse=True)
def _no_authorities() -> Iterator[None]:
    """Each client would read the certificates of all authorities, for 30 ms; no fake has one."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("SSL_CERT_FILE", raising=False)
        environment.setenv("SSL_CERT_DIR", "/nowhere")
        yield
