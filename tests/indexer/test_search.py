"""What is found, and what is not."""

from pathlib import Path

import pytest

from indexer.embedders import HashedStems, open_embedder
from indexer.search.searcher import Searcher
from indexer.sync.reindex import Chunking, reindex

DOCUMENTS = {
    "station.txt": "Зимовочная станция стоит на острове Гольцовом. Зимой там живут одиннадцать"
    " человек. Начальник станции отвечает за безопасность.",
    "winch.txt": "The main winch carries 4,200 metres of cable. It stops in waves over 3.5 metres.",
    "canteen.txt": "Столовая открыта по будням с девяти часов. Комплексный обед стоит 320 рублей.",
    "bears.txt": "Белого медведя отпугивают ракетницей. Карабин несёт только стрелок из приказа.",
}


@pytest.fixture
def searcher(tmp_path: Path) -> Searcher:
    documents = tmp_path / "documents"
    documents.mkdir()
    for name, text in DOCUMENTS.items():
        (documents / name).write_text(text, "utf-8")
    reindex(documents, tmp_path / "index", HashedStems(), Chunking())
    return _searcher(tmp_path)


def _searcher(root: Path, weight: float = 0.0) -> Searcher:
    return Searcher(
        root / "index", lambda name: open_embedder(name, root / "models"), weight=weight
    )


@pytest.mark.parametrize(
    ("question", "file"),
    [
        ("Сколько человек живёт на станции зимой?", "station.txt"),
        ("кто отвечает за безопастность станций", "station.txt"),
        ("How many metres of cables does the winch carry?", "winch.txt"),
        ("Сколько стоит обед в столовой?", "canteen.txt"),
        ("чем отпугивать белых медведей", "bears.txt"),
    ],
)
def test_other_forms_and_misspellings_are_found(
    searcher: Searcher, question: str, file: str
) -> None:
    found = searcher.search(question)
    assert found.hits[0].file == file
    assert found.confident


@pytest.mark.parametrize(
    "question", ["Как отсортировать словарь в Python?", "Who painted the Mona Lisa?", "ъъъъ", "42"]
)
def test_a_question_about_something_else_finds_nothing(searcher: Searcher, question: str) -> None:
    assert not searcher.search(question).confident


def test_a_passage_that_stands_in_two_files_is_shown_once(
    searcher: Searcher, tmp_path: Path
) -> None:
    (tmp_path / "documents" / "copy.txt").write_text(DOCUMENTS["canteen.txt"], "utf-8")
    reindex(tmp_path / "documents", tmp_path / "index", HashedStems(), Chunking())
    texts = [hit.text for hit in searcher.search("Сколько стоит обед?").hits]
    assert len(texts) == len(set(texts))


def test_a_running_searcher_notices_changes_and_rebuilds(
    searcher: Searcher, tmp_path: Path
) -> None:
    question = "Когда уходит ледокол?"
    assert not searcher.search(question).confident
    (tmp_path / "documents" / "new.txt").write_text("Ледокол уходит пятого мая.", "utf-8")
    for rebuild in (False, True):
        reindex(
            tmp_path / "documents", tmp_path / "index", HashedStems(), Chunking(), rebuild=rebuild
        )
        assert searcher.search(question).hits[0].file == "new.txt"


def test_vectors_rank_too_when_they_are_given_weight(searcher: Searcher, tmp_path: Path) -> None:
    documents, index = tmp_path / "documents", tmp_path / "index"
    report = reindex(documents, index, HashedStems(weight=0.5), Chunking(), rebuild=True)
    assert report.embedded > len(DOCUMENTS)
    plain = searcher.search("Сколько стоит комплексный обед?")
    weighted = _searcher(tmp_path, weight=0.5).search("Сколько стоит комплексный обед?")
    assert weighted.hits[0].file == plain.hits[0].file == "canteen.txt"
    assert weighted.hits[0].score != plain.hits[0].score


def test_a_saved_threshold_holds_until_another_is_given(searcher: Searcher, tmp_path: Path) -> None:
    question = "Сколько стоит обед в столовой?"
    searcher.save_threshold(0.999)
    fresh = _searcher(tmp_path)
    assert fresh.threshold() == 0.999
    assert fresh.search(question).threshold == 0.999
    given = Searcher(tmp_path / "index", lambda name: HashedStems(), threshold=0.1)
    assert given.search(question).confident
