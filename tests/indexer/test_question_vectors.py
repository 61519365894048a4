"""An embedder that fails at a question: words are searched, and it is let alone for a while."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.errors import UserError
from indexer.embedders import Embedder, EmbedderServer, HashedStems, Matrix, open_embedder
from indexer.search.question_vectors import QuestionVectors
from indexer.search.searcher import Searcher
from indexer.store.identity import Identity
from indexer.sync.reindex import Chunking, reindex
from tests.fakes.embeddings import EmbeddingServer
from tests.workspace import note, question

QUESTIONS = 5
Told = list[UserError | None]


def over(server: EmbeddingServer) -> Embedder:
    """What the server embeds, by a program that waits for it but a moment."""
    asked = EmbedderServer(server.url, model="stems", seconds=1)
    return open_embedder("auto", Path("models"), 0.1, asked)


@pytest.fixture
def told() -> Told:
    """What is told of failures."""
    return []


@pytest.fixture
def searcher(tmp_path: Path, server: EmbeddingServer, told: Told) -> Searcher:
    """Over notes whose vectors came from the server."""
    documents = tmp_path / "documents"
    documents.mkdir()
    for number in (1, 2, 3):
        (documents / f"note{number}.txt").write_text(note(number), encoding="utf-8")
    reindex(documents, tmp_path / "index", over(server), Chunking())
    return Searcher(tmp_path / "index", lambda name: over(server), weight=0.1, tell=told.append)


def test_a_server_that_hangs_is_waited_for_once_and_words_are_searched(
    searcher: Searcher, server: EmbeddingServer, told: Told
) -> None:
    assert searcher.search(question(1)).meanings
    asked = len(server.asked)
    server.hold_after = 0
    for _ in range(QUESTIONS):
        found = searcher.search(question(2))
        assert found.hits[0].file == "note2.txt"
        assert not found.meanings
    assert server.held.is_set()
    assert len(server.asked) == asked
    (error,) = told
    assert error
    assert "does not answer within 1 s" in error.message


def test_a_server_that_sends_a_byte_now_and_then_is_not_waited_for_longer(
    searcher: Searcher, server: EmbeddingServer, told: Told
) -> None:
    assert searcher.search(question(1)).meanings
    server.fault = "trickles"
    assert searcher.search(question(2)).hits[0].file == "note2.txt"
    (error,) = told
    assert error and "does not answer within 1 s" in error.message


def test_a_question_that_is_being_encoded_keeps_no_other_waiting(
    tmp_path: Path, searcher: Searcher
) -> None:
    begun, goes_on = threading.Event(), threading.Event()

    class Slow(HashedStems):
        name = "server:stems"
        revision = ""

        def encode_query(self, texts: Sequence[str]) -> Matrix:
            if texts == [question(1)]:
                begun.set()
                goes_on.wait()
            return super().encode_query(texts)

    slow = Searcher(tmp_path / "index", lambda name: Slow(), weight=0.1)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(slow.search, question(1))
        try:
            begun.wait()
            assert slow.search(question(2)).meanings
            assert slow.files()
            assert not waiting.done()
        finally:
            goes_on.set()
        assert waiting.result().hits[0].file == "note1.txt"


@pytest.mark.parametrize("fault", ["nan", "null", "html", "hangs up", "refuses"])
def test_what_fails_at_a_question_is_asked_again_after_a_pause(
    searcher: Searcher, server: EmbeddingServer, told: Told, fault: str
) -> None:
    def vector(vectors: QuestionVectors) -> Matrix | None:
        return vectors.of(question(1), made, weight=0.1)

    made = searcher.look(lambda store: store.identity())
    patient = QuestionVectors(lambda name: over(server), None, told.append)
    eager = QuestionVectors(lambda name: over(server), None, told.append, pause=0)
    for vectors in (patient, eager):
        server.fault = ""
        assert vector(vectors) is not None
        server.fault = fault
        assert vector(vectors) is None
        assert vector(vectors) is None
    server.fault = ""
    assert vector(patient) is None
    assert vector(eager) is not None
    said = [error and error.message for error in told]
    assert said == [said[0], said[0], None]


def test_no_embedder_is_opened_for_an_index_that_gives_vectors_no_weight(told: Told) -> None:
    def broken(name: str) -> Embedder:
        raise UserError("it is broken")

    made = Identity("builtin", "1", HashedStems.dimension, 256, 12)
    vectors = QuestionVectors(broken, None, told.append)
    assert vectors.of(question(1), made, weight=0.0) is None
    assert not told
    assert vectors.of(question(1), made, weight=0.1) is None
    assert told


def test_an_exception_of_what_runs_a_model_costs_no_answer(
    searcher: Searcher, told: Told, tmp_path: Path
) -> None:
    class Broken(HashedStems):
        name = "server:stems"
        revision = ""

        def encode_query(self, texts: object) -> Matrix:
            raise RuntimeError("out of memory")

    kept = Searcher(tmp_path / "index", lambda name: Broken(), weight=0.1, tell=told.append)
    assert kept.search(question(3)).hits[0].file == "note3.txt"
    (error,) = told
    assert error
    assert (error.message, error.hint) == (
        "the embedder server:stems fails: out of memory",
        "opsctl doctor",
    )
