"""The functions that every front end calls: Searcher and answer, in threads and as events."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from assistant.answer import answer
from assistant.engines import ExtractiveEngine
from assistant.events import Done, Event, Sources, Token, Turn, Writer
from core.errors import EmbedderMismatch, NoIndex, UsageError, UserError
from indexer.embedders import HashedStems, open_embedder
from indexer.search.searcher import Searcher
from tests.workspace import VECTORS, Workspace, note, question


def searcher(workspace: Workspace, embedder: str | None = None) -> Searcher:
    return Searcher(
        workspace.state / "index",
        lambda name: open_embedder(name, workspace.state / "models"),
        embedder=embedder,
    )


def events(workspace: Workspace, asked: str, history: tuple[Turn, ...] = ()) -> list[Event]:
    async def collect() -> list[Event]:
        stream = answer(asked, history, searcher=searcher(workspace), engine=ExtractiveEngine())
        return [event async for event in stream]

    return asyncio.run(collect())


@contextmanager
def asking(workspace: Workspace, number: int) -> Iterator[list[str]]:
    """Ask the same question over and over in four threads; the files found gather in the list."""
    shared = searcher(workspace)
    first: list[str] = []
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            try:
                hits = shared.search(question(number)).hits
                first.append(hits[0].file if hits else "nothing")
            except Exception as error:  # shown by the assertion on the list
                first.append(repr(error))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield first
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_sources_come_before_the_text_and_done_has_all_of_it(indexed: Workspace) -> None:
    first, writer, *tokens, last = events(indexed, question(2))
    assert writer == Writer("extractive")
    assert isinstance(first, Sources)
    assert isinstance(last, Done)
    assert first.found.hits[0].file == "note2.txt"
    assert all(isinstance(token, Token) for token in tokens)
    assert last.text == "".join(token.text for token in tokens if isinstance(token, Token))
    assert last.found
    assert last.citations[0].file == "note2.txt"


def test_nothing_found_is_told_as_an_answer(indexed: Workspace) -> None:
    first, *tokens, last = events(indexed, "Какова температура плавления вольфрама?")
    assert isinstance(first, Sources)
    assert not first.found.confident
    assert isinstance(last, Done)
    assert (last.found, last.citations) == (False, ())
    assert "".join(token.text for token in tokens if isinstance(token, Token)) == last.text


def test_the_turn_before_helps_a_follow_up_only_when_it_is_needed(indexed: Workspace) -> None:
    history = (Turn(question(1), "…"),)
    (*_, alone) = events(indexed, question(2), history)
    assert isinstance(alone, Done)
    assert alone.citations[0].file == "note2.txt"
    (*_, together) = events(indexed, "а ещё подробнее?", history)
    assert isinstance(together, Done)
    assert together.citations[0].file == "note1.txt"


def test_faults_are_raised_by_their_own_names(workspace: Workspace) -> None:
    with pytest.raises(NoIndex):
        searcher(workspace).search("вопрос")
    with pytest.raises(UsageError):
        events(workspace, "???")
    workspace.write("note.txt", note(1))
    workspace.reindex(env={"OPSCTL_CHUNK_TOKENS": "64"})
    assert searcher(workspace, "builtin").search(question(1)).confident


def test_an_embedder_of_another_revision_is_told_and_not_used(indexed: Workspace) -> None:
    class Later(HashedStems):
        revision = "later"

    told: list[UserError | None] = []
    indexed.reindex("--rebuild", env=VECTORS)
    index = indexed.state / "index"
    searcher = Searcher(index, lambda name: Later(), weight=0.1, tell=told.append)
    assert searcher.search(question(1)).hits[0].file == "note1.txt"
    (error,) = told
    assert isinstance(error, EmbedderMismatch)
    assert "revision" in error.message


def test_no_question_goes_wrong_while_the_index_changes_under_it(indexed: Workspace) -> None:
    with asking(indexed, 1) as first:
        for number in range(10, 60):
            indexed.write(f"more/{number}.txt", note(number))
        indexed.reindex()
        indexed.reindex("--rebuild")
        indexed.write("note2.txt", note(20))
        (indexed.documents / "note3.txt").unlink()
        indexed.reindex()
    assert len(first) > 100
    assert set(first) == {"note1.txt"}


def test_a_searcher_notices_a_new_generation_and_a_rebuilt_store(indexed: Workspace) -> None:
    kept = searcher(indexed)
    assert kept.search(question(1)).hits[0].file == "note1.txt"
    indexed.write("note9.txt", note(9))
    indexed.reindex()
    assert kept.search(question(9)).hits[0].file == "note9.txt"
    (indexed.documents / "note9.txt").rename(indexed.documents / "last.txt")
    indexed.reindex("--rebuild")
    assert kept.search(question(9)).hits[0].file == "last.txt"
