"""opsctl eval: figures that follow from a small corpus by hand."""

import json
from typing import Any

import pytest

from tests.indexer.sample_files import pdf
from tests.workspace import Workspace, note, question

NOWHERE = "Какова температура плавления вольфрама?"


@pytest.fixture
def library(workspace: Workspace) -> Workspace:
    """Three notes, and a PDF with notes 11 to 13 on its pages."""
    for number in (1, 2, 3):
        workspace.write(f"note{number}.txt", note(number))
    workspace.write("manual.pdf", pdf([note(11), note(12), note(13)]))
    workspace.reindex()
    return workspace


def write(workspace: Workspace, *rows: object) -> str:
    path = workspace.root / "questions.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n")
    return str(path)


def ask(number: int, file: str | None, **more: object) -> dict[str, Any]:
    return {"question": question(number), "file": file, **more}


def test_questions_that_are_all_answered_score_one(library: Workspace) -> None:
    path = write(library, ask(1, "note1.txt"), ask(2, "note2.txt"), ask(12, "manual.pdf", page=2))
    scores = library.json("eval", path)
    assert (scores["answerable"], scores["unanswerable"]) == (3, 0)
    for name in ("hit_at_1", "hit_at_3", "hit_at_5", "mrr_at_10", "page_at_1"):
        assert scores[name] == 1
    assert scores["refused_answerable"] == 0
    assert scores["refused_unanswerable"] is None
    assert scores["misses"] == []


def test_wrong_files_and_pages_lower_the_figures_by_their_share(library: Workspace) -> None:
    path = write(
        library,
        ask(1, "note1.txt"),
        ask(2, "there-is-no-such.txt"),
        ask(12, "manual.pdf", page=2),
        ask(13, "manual.pdf", page=1),
    )
    scores = library.json("eval", path, "--misses")
    assert scores["hit_at_1"] == scores["hit_at_5"] == scores["mrr_at_10"] == 3 / 4
    assert scores["page_at_1"] == 1 / 2
    assert [miss["question"]["file"] for miss in scores["misses"]] == ["there-is-no-such.txt"]
    assert scores["misses"][0]["rank"] == 0


def test_the_reciprocal_rank_is_that_of_the_file_among_those_found(library: Workspace) -> None:
    listed = library.json("ask", question(1), "--sources-only")["sources"]
    files = list(dict.fromkeys(source["file"] for source in listed))
    assert len(files) > 2
    for rank, file in enumerate(files[:3], start=1):
        scores = library.json("eval", write(library, ask(1, file)))
        assert scores["mrr_at_10"] == pytest.approx(1 / rank)
        assert scores["hit_at_1"] == (rank == 1)
        assert scores["hit_at_3"] == 1


def test_a_question_without_an_answer_should_find_nothing(library: Workspace) -> None:
    path = write(library, {"question": NOWHERE, "file": None}, ask(1, None), ask(2, "note2.txt"))
    scores = library.json("eval", path, "--misses")
    assert (scores["answerable"], scores["unanswerable"]) == (1, 2)
    assert scores["refused_unanswerable"] == 1 / 2
    assert [miss["first"] for miss in scores["misses"]] == ["note1.txt"]


def test_the_suggested_threshold_can_be_saved_and_is_used_from_then_on(library: Workspace) -> None:
    path = write(library, ask(1, "note1.txt"), ask(2, "note2.txt"))
    suggested = library.json("eval", path, "--save-threshold")["suggested_threshold"]
    scores = library.json("eval", path)
    assert scores["threshold"] == suggested
    assert scores["refused_answerable"] == 0
    assert library.json("ask", NOWHERE, "--sources-only")["threshold"] == suggested


def test_a_table_is_shown_without_json(library: Workspace) -> None:
    done = library.run("eval", write(library, ask(1, "note1.txt"), ask(2, "no.txt")), "--misses")
    assert done.returncode == 0
    lines = {
        line.rpartition("  ")[0].strip(): line.split()[-1] for line in done.stdout.splitlines()
    }
    assert lines["hit@1"] == "0.500"
    assert "expected no.txt" in done.stdout


@pytest.mark.parametrize(
    "bad",
    [
        "not json",
        "{}",
        "[]",
        "7",
        '{"question": "", "file": null}',
        '{"question": "что?"}',
        '{"question": 5, "file": "a.txt"}',
        '{"question": "что?", "file": 5}',
        '{"question": "что?", "file": "a.txt", "page": "two"}',
    ],
)
def test_a_bad_line_is_named_by_its_number(indexed: Workspace, bad: str) -> None:
    path = indexed.root / "questions.jsonl"
    good = json.dumps(ask(1, "note1.txt"), ensure_ascii=False)
    path.write_text(f"{good}\n\n{bad}\n{good}\n")
    assert f"{path}, line 3 is wrong" in indexed.fails(2, "eval", str(path))


def test_a_missing_an_empty_and_a_binary_file_are_usage(indexed: Workspace) -> None:
    path = indexed.root / "questions.jsonl"
    assert f"there is no file {path}" in indexed.fails(2, "eval", str(path))
    path.write_text("\n \n")
    assert "has no questions" in indexed.fails(2, "eval", str(path))
    path.write_bytes(b"\xff\xfe\x00\x01")
    assert "cannot be read" in indexed.fails(2, "eval", str(path))
    assert "cannot be read" in indexed.fails(2, "eval", str(indexed.documents))


def test_eval_without_an_index_names_the_command_that_makes_one(workspace: Workspace) -> None:
    told = workspace.fails(1, "eval", write(workspace, ask(1, "note1.txt")))
    assert told == "error: there is no index yet\nhint: opsctl reindex"
