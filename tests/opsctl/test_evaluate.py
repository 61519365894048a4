"""opsctl eval: figures that follow from a small corpus by hand."""

import json
from typing import Any

import pytest

from tests.fakes import odd_servers
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


def tally(**verdicts: int) -> dict[str, int]:
    none = dict.fromkeys(("right", "partly", "wrong", "refused", "hinted"), 0)
    return {"questions": sum(verdicts.values()), **none, **verdicts}


def test_answers_are_judged_by_what_is_said_in_all_by_kind_and_by_document(
    library: Workspace,
) -> None:
    path = write(
        library,
        ask(1, "note1.txt", answer="КЛАДОВЩИК  норд1", kind="who"),
        ask(2, "note2.txt", answer=["щит 102", "номер 102"], kind="where"),
        ask(3, "note3.txt", answer={"pattern": r"номер \d03\b"}, kind="where"),
        ask(3, "note3.txt", answer={"all": ["Норд3", "Норд4"]}, kind="who"),
        ask(11, "manual.pdf", answer="Норд12", kind="who"),
        {"question": question(2), "answer": {"all": ["Норд2", "щите номер 102"]}},
        {"question": NOWHERE, "answer": "3422", "kind": "who"},
        {"question": NOWHERE, "unanswerable": True},
        ask(1, None),
        ask(2, "note2.txt"),
    )
    answers = library.json("eval", path)["answers"]
    assert answers["all"] == tally(right=4, partly=1, wrong=1, refused=1)
    assert answers["unanswerable"] == tally(wrong=1, refused=1)
    assert answers["by_kind"] == {
        "who": tally(right=1, partly=1, wrong=1, refused=1),
        "where": tally(right=2),
    }
    assert answers["by_document"] == {
        "note1.txt": tally(right=1),
        "note2.txt": tally(right=1),
        "note3.txt": tally(right=1, partly=1),
        "manual.pdf": tally(wrong=1),
    }
    assert answers["misses"] == []


def test_what_is_judged_is_what_ask_says(library: Workspace) -> None:
    path = write(library, {"question": question(1), "answer": "нет такого"})
    (missed,) = library.json("eval", path, "--misses")["answers"]["misses"]
    said = library.json("ask", question(1), "--engine", "extractive")["text"]
    assert missed["said"] == " ".join(said.split())
    assert missed["verdict"] == "wrong"


def test_a_number_is_not_found_within_another(library: Workspace) -> None:
    for number, right in (("101", 1), ("10", 0), ("01", 0)):
        path = write(library, {"question": question(1), "answer": number})
        assert library.json("eval", path)["answers"]["all"]["right"] == right


def test_what_is_shown_but_not_as_the_answer_is_hinted(library: Workspace) -> None:
    asked = {"question": f"{question(1)} какой фирмы холодильник", "answer": "Норд1"}
    sure = library.json("eval", write(library, asked), env={"OPSCTL_THRESHOLD": "0"})
    assert sure["answers"]["all"] == tally(right=1)
    above = {"OPSCTL_THRESHOLD": f"{1.2 * sure['suggested_threshold']:.3f}"}
    unsure = library.json("eval", write(library, asked), env=above)
    assert unsure["answers"]["all"] == tally(hinted=1)
    other = {**asked, "answer": "Норд2"}
    unsure = library.json("eval", write(library, other), env=above)
    assert unsure["answers"]["all"] == tally(refused=1)


def test_a_question_without_a_file_counts_for_no_rank(library: Workspace) -> None:
    path = write(library, {"question": question(1), "answer": "Норд1"}, ask(2, "no.txt"))
    scores = library.json("eval", path, "--misses")
    assert (scores["answerable"], scores["unanswerable"]) == (2, 0)
    assert scores["hit_at_1"] == scores["mrr_at_10"] == 0
    assert scores["refused_answerable"] == 0
    assert [miss["question"]["file"] for miss in scores["misses"]] == ["no.txt"]
    scores = library.json("eval", write(library, {"question": question(1), "answer": "Норд1"}))
    assert scores["hit_at_1"] is None


def test_without_expected_answers_none_are_judged(library: Workspace) -> None:
    path = write(library, ask(1, "note1.txt"), {"question": NOWHERE, "unanswerable": True})
    assert library.json("eval", path)["answers"] is None
    assert "hinted" not in library.run("eval", path).stdout


def test_answers_are_shown_as_a_table_with_the_worst_first(library: Workspace) -> None:
    path = write(
        library,
        {"question": NOWHERE, "answer": "3422"},
        ask(1, "note1.txt", answer={"all": ["Норд1", "Норд9"]}, kind="who"),
        {"question": question(2), "answer": ["Норд8", "Норд9"], "kind": "who"},
        {"question": "?!", "unanswerable": True},
    )
    lines = library.run("eval", path, "--misses").stdout.splitlines()
    table = [line.rsplit(maxsplit=6) for line in lines]
    assert ["answers", "questions", "right", "partly", "wrong", "refused", "hinted"] in table
    assert ["all", "3", "0", "1", "1", "1", "0"] in table
    assert ["kind who", "2", "0", "1", "1", "0", "0"] in table
    assert ["in note1.txt", "1", "0", "1", "0", "0", "0"] in table
    assert ["without an answer", "1", "0", "0", "0", "1", "0"] in table
    told = [line.strip().partition(";")[0] for line in lines if " expected " in line]
    assert told == [
        "wrong, expected Норд8 or Норд9",
        "partly, expected Норд1 and Норд9",
        "refused, expected 3422",
    ]


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
        '{"question": "что?", "answer": null}',
        '{"question": "что?", "answer": " "}',
        '{"question": "что?", "answer": 7}',
        '{"question": "что?", "answer": []}',
        '{"question": "что?", "answer": ["да", null]}',
        '{"question": "что?", "answer": {"all": "да"}}',
        '{"question": "что?", "answer": {"pattern": "("}}',
        '{"question": "что?", "answer": {"pattern": "да", "all": ["да"]}}',
        '{"question": "что?", "answer": {"some": ["да"]}}',
        '{"question": "что?", "answer": "да", "file": null}',
        '{"question": "что?", "answer": "да", "unanswerable": true}',
        '{"question": "что?", "file": "a.txt", "unanswerable": true}',
        '{"question": "что?", "unanswerable": "yes"}',
        '{"question": "что?", "unanswerable": false}',
        '{"question": "что?", "answer": "да", "kind": 7}',
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


def test_a_models_sentences_that_no_passage_supports_are_counted(library: Workspace) -> None:
    invented = "Капитан получил орден за спасение экипажа."
    answer = odd_servers.events(odd_servers.streamed("Складом заведует Норд1 [1]. ", invented))
    path = write(library, ask(1, "note1.txt", answer="Норд1"), ask(2, "note2.txt", answer="Норд2"))
    with odd_servers.answering(odd_servers.chatting(answer)) as url:
        env = {"OPSCTL_SERVER_API": "openai", "OPSCTL_SERVER_URL": url}
        scores = library.json("eval", path, "--engine", "server", env=env)
        told = library.run("eval", path, "--engine", "server", env=env).stdout
        quoted = library.json("eval", path, env=env)
    counts = {"answers": 2, "unsupported_sentences": 2, "unsupported_answers": 2}
    assert scores["answers"]["by_model"] == counts
    assert (scores["answers"]["all"]["right"], scores["answers"]["all"]["wrong"]) == (1, 1)
    assert "by the model: 2 answers; no passage supports 2 sentences in 2 of them" in told
    assert quoted["answers"]["by_model"] is None
