"""What several tests of the index share."""

from collections.abc import Iterator

import pytest

from tests.fakes.embeddings import EmbeddingServer, embedding_server


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    """A server of embeddings on this machine."""
    with embedding_server() as running:
        yield running
