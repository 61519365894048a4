"""Posting lists in segments: written, merged and read, whatever happens meanwhile."""

import multiprocessing
import random
import secrets
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from indexer.embedders import HashedStems
from indexer.passages.chunks import make_splitter
from indexer.readers import Page
from indexer.search.searcher import Searcher
from indexer.store.folder import IndexFolder
from indexer.store.records import SourceFile
from indexer.store.store import Store
from indexer.sync.reindex import Chunking, reindex
from tests.indexer.earlier_index import make_earlier
from tests.limits import limit_file_size
from tests.workspace import note, question

NUMBERS = range(40)
GROUP, GROUPS = 50, 16  # notes of a segment, and segments
FORK = multiprocessing.get_context("fork")


class Corpus:
    """A folder of notes with its index, in this process."""

    def __init__(self, root: Path) -> None:
        self.documents, self.index = root / "documents", root / "index"
        self.documents.mkdir(parents=True)

    def write(self, numbers: Iterable[int], more: str = "") -> None:
        for number in numbers:
            (self.documents / f"{number}.txt").write_text(note(number) + more, "utf-8")

    def remove(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            (self.documents / f"{number}.txt").unlink()

    def update(self) -> None:
        reindex(self.documents, self.index, HashedStems(), Chunking())

    def searcher(self) -> Searcher:
        return Searcher(self.index, lambda name: HashedStems(), threshold=0)

    @property
    def store(self) -> Path:
        folder = IndexFolder(self.index).store_path()
        assert folder
        return folder / "store.sqlite"

    def query(self, sql: str) -> list[Any]:
        with closing(sqlite3.connect(self.store, isolation_level=None)) as database:
            return database.execute(sql).fetchall()

    def segments(self) -> int:
        return int(self.query("SELECT count(*) FROM segment")[0][0])

    def answers(self, numbers: Iterable[int] = NUMBERS) -> list[tuple[str, float, float]]:
        searcher = self.searcher()
        found = [searcher.search(question(number)) for number in numbers]
        return [
            (each.hits[0].file, round(each.hits[0].score, 5), round(each.confidence, 5))
            for each in found
        ]


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return Corpus(tmp_path / "corpus")


@pytest.fixture
def at_once(tmp_path: Path) -> Corpus:
    """All notes, indexed in one run."""
    made = Corpus(tmp_path / "at_once")
    made.write(NUMBERS)
    made.update()
    return made


@pytest.fixture
def unmerged(corpus: Corpus) -> Corpus:
    """Notes in many segments, as if every merge had been put off."""
    corpus.write([0])
    corpus.update()
    split = make_splitter(256, 12)
    with closing(Store(corpus.store, to_write=True)) as store:
        for first in range(1, GROUPS * GROUP, GROUP):
            made = []
            with store.transaction():
                for number in range(first, first + GROUP):
                    page = Page(note(number))
                    made.append(store.begin_document(SourceFile(f"{number}.txt", 1, 1), ""))
                    store.add_page(made[-1], page, split(page), encoded=False)
                    store.set_facts(made[-1], f"{number}\n\n")
                store.finish_documents(made)
    assert corpus.segments() == GROUPS + 1
    return corpus


def merge(store: Path, room: int | None = None) -> None:
    """In a process of its own, which may be killed, and whose files may have no room to grow."""
    if room is not None:
        limit_file_size(room)
    with closing(Store(store, to_write=True)) as opened:
        opened.merge_postings()


def test_an_index_that_grew_file_by_file_answers_as_one_made_at_once(
    corpus: Corpus, at_once: Corpus
) -> None:
    for number in NUMBERS:
        corpus.write([number], more="\n\nЧерновик.")
        corpus.write([number + 100])
        corpus.update()
    corpus.remove(number + 100 for number in NUMBERS)
    corpus.write(NUMBERS)
    corpus.update()
    assert corpus.answers() == at_once.answers()
    assert corpus.segments() < 16
    ((held,),) = corpus.query("SELECT sum(length(ids)) / 2 FROM segment")
    ((live,),) = corpus.query("SELECT count(*) FROM chunk")
    assert live <= held <= 4 / 3 * live + 1


def test_passages_whose_ids_need_more_than_two_bytes(corpus: Corpus, at_once: Corpus) -> None:
    corpus.write([0])
    corpus.update()
    corpus.query("UPDATE sqlite_sequence SET seq = 65526 WHERE name = 'chunk'")
    for number in NUMBERS:
        corpus.write([number])
        corpus.update()
    ((last,),) = corpus.query("SELECT max(id) FROM chunk")
    assert last > 1 << 16
    assert corpus.answers() == at_once.answers()


def test_a_merge_that_is_killed_loses_nothing_and_is_made_up_for(
    unmerged: Corpus, size: Callable[[int, int], int]
) -> None:
    asked = range(0, GROUPS * GROUP, 17)
    before = unmerged.answers(asked)
    copy = shutil.copytree(unmerged.store.parent, unmerged.store.parent.with_name("copy"))
    start = time.monotonic()
    whole = FORK.Process(target=merge, args=(copy / "store.sqlite",))
    whole.start()
    whole.join()
    took = time.monotonic() - start
    seed = secrets.randbits(32)
    print(f"seed: {seed}")  # noqa: T201 - pytest shows it when the test fails
    rng = random.Random(seed)
    for _ in range(size(20, 5)):
        process = FORK.Process(target=merge, args=(unmerged.store,))
        process.start()
        time.sleep(rng.uniform(0, took))
        process.kill()
        process.join()
        assert unmerged.query("PRAGMA quick_check") == [("ok",)]
        assert unmerged.answers(asked) == before
    merge(unmerged.store)
    assert unmerged.segments() < 16
    assert unmerged.answers(asked) == before


def test_a_merge_that_finds_no_room_is_put_off(unmerged: Corpus) -> None:
    asked = range(0, GROUPS * GROUP, 17)
    before, segments = unmerged.answers(asked), unmerged.segments()
    for room in (1 << 15, 1 << 17):
        process = FORK.Process(target=merge, args=(unmerged.store, room))
        process.start()
        process.join()
        assert process.exitcode == 0
        assert unmerged.segments() == segments
        assert unmerged.answers(asked) == before
    merge(unmerged.store)
    assert unmerged.segments() < 16
    assert unmerged.answers(asked) == before


def test_two_readers_see_whole_documents_while_a_writer_adds_merges_and_removes(
    corpus: Corpus,
) -> None:
    steady, done = range(5), threading.Event()
    corpus.write(steady)
    corpus.update()
    failures: list[object] = []

    def read() -> None:
        searcher = corpus.searcher()
        while not done.is_set():
            for number in steady:
                file = searcher.search(question(number)).hits[0].file
                if file != f"{number}.txt":
                    failures.append((number, file))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(10, 40):
        corpus.write([number])
        if number % 3 == 0:
            corpus.remove([number - 1])
        corpus.update()
    done.set()
    for reader in readers:
        reader.join()
    assert failures == []
    left = [number for number in range(10, 40) if number % 3 != 2]
    answers = corpus.answers(left)
    assert [file for file, *_ in answers] == [f"{number}.txt" for number in left]


def test_a_word_in_all_of_the_passages_is_in_nobodys_way(corpus: Corpus) -> None:
    numbers = range(300)
    corpus.write(numbers, more=" Договор договору договор.")
    corpus.update()
    searcher = corpus.searcher()
    for number in (0, 150, 299):
        asked = f"договор: {question(number)}"
        assert searcher.search(asked).hits[0].file == f"{number}.txt"
    assert not searcher.search("договор").confidence


@pytest.mark.parametrize("earlier", [False, True])
def test_a_misspelt_word_is_corrected_by_words_that_can_be_found(
    corpus: Corpus, earlier: bool
) -> None:
    (corpus.documents / "gone.txt").write_text("Кладовшика больше нет.", "utf-8")
    corpus.write(range(3))
    corpus.update()
    (corpus.documents / "gone.txt").unlink()
    corpus.update()
    if earlier:
        make_earlier(corpus.store, 1)
    assert corpus.searcher().corrected("где кладовшик") == {"кладовшик": "кладовщик"}
    assert corpus.searcher().corrected("где кладовщик") == {}
