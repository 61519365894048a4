"""opsctl train prepare: what is kept, told and written."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from tests.training.synthetic_rows import make_rows, write_lines
from tests.workspace import Workspace
from training.data.rows import Row, read_prepared
from training.data.split import normal

ROWS = make_rows(60, seed=3)
PREPARE = ("train", "prepare")
DATA = "training/data"


def source(workspace: Workspace, rows: Iterable[Row | Mapping[str, object]]) -> str:
    return str(write_lines(workspace.root / "rows.jsonl", rows))


def prepare(
    workspace: Workspace, rows: Iterable[Row | Mapping[str, object]], *args: str
) -> dict[str, Any]:
    """The report of a preparation that must succeed, by rule."""
    report = workspace.json(*PREPARE, source(workspace, rows), *args)
    report["rules"] = {rule["rule"]: rule for rule in report["rules"]}
    return dict(report)


def kept(workspace: Workspace, folder: str = DATA) -> list[Row]:
    """Both halves, by question."""
    files = (workspace.state / folder / f"{name}.jsonl" for name in ("train", "eval"))
    halves = map(read_prepared, files)
    return sorted((row for half in halves for row in half), key=lambda row: row.question)


def answers(workspace: Workspace, folder: str = DATA) -> dict[str, str]:
    return {row.question: row.answer for row in kept(workspace, folder)}


def beginning(number: int, words: str) -> Row:
    """A row whose answer begins with these words."""
    return replace(ROWS[number], answer=words + ROWS[number].answer)


def test_rows_that_stand_the_rules_are_kept_as_they_are(workspace: Workspace) -> None:
    report = prepare(workspace, ROWS)
    assert kept(workspace) == sorted(ROWS, key=lambda row: row.question)
    assert report["kept"] == report["rows"] == len(ROWS)
    assert not any(rule["removed"] or rule["changed"] for rule in report["rules"].values())
    for name in ("train", "eval"):
        content = (workspace.state / DATA / f"{name}.jsonl").read_bytes()
        assert report[name]["sha256"] == hashlib.sha256(content).hexdigest()
        assert report[name]["rows"] == content.count(b"\n") > 0
    content = (workspace.root / "rows.jsonl").read_bytes()
    assert report["source"]["files"][0]["sha256"] == hashlib.sha256(content).hexdigest()
    assert report["versions"]["pymorphy3"]
    saved = json.loads((workspace.state / DATA / "report.json").read_text())
    assert [rule["rule"] for rule in saved["rules"]] == list(report["rules"])


def test_each_rule_removes_its_rows_and_gives_examples(workspace: Workspace) -> None:
    good = ROWS[9]
    rows = [
        replace(ROWS[0], answer=""),
        replace(ROWS[1], question=" "),
        replace(ROWS[2], answer="Коротко."),
        replace(ROWS[3], answer=ROWS[3].answer * 4),
        replace(ROWS[4], description="Мало."),
        beginning(5, "Один мент сказал. "),
        replace(ROWS[6], question="Мне 15 лет, что делать?"),
        replace(ROWS[7], answer=" ".join(f"https://example.org/{n}" for n in range(40))),
        good,
        replace(good, question=good.question.upper(), answer=good.answer.replace(".", " !")),
        replace(good, answer=good.answer + " И ещё раз."),
    ]  # fmt: skip
    rules = prepare(workspace, rows)["rules"]
    assert {name: rule["removed"] for name, rule in rules.items()} == {
        "blank or no text": 2, "markup, control characters": 0, "greeting": 0, "links only": 1,
        "answer length": 2, "description length": 1, "bad words": 1, "controversial words": 1,
        "duplicate": 1,
    }  # fmt: skip
    assert rules["answer length"]["reasons"] == {"over 1600": 1, "under 400": 1}
    assert rules["bad words"]["reasons"] == {"мент": 1}
    assert "Один мент сказал." in rules["bad words"]["examples"][0]["text"]
    assert [row.question for row in kept(workspace)] == [good.question] * 2


def test_words_that_hold_a_listed_one_are_kept(workspace: Workspace) -> None:
    innocent = ("документ", "момент", "команда", "инструмент", "комментарий")
    rows = [beginning(number, f"Нужен {word}. ") for number, word in enumerate(innocent)]
    rows += ROWS[10:40]
    assert prepare(workspace, rows)["kept"] == len(rows)


def test_greetings_go_and_clauses_stay(workspace: Workspace) -> None:
    rows = [
        beginning(0, "Здравствуйте, Семён! "),
        beginning(1, "Нет, не стоит. Спросите, нужно ли это вам. "),
        replace(beginning(2, "Моему другу 9 лет. "), question="Сколько ему лет?"),
        ROWS[3],
        ROWS[3],
        *ROWS[4:20],
    ]
    report = prepare(workspace, rows)
    assert report["rules"]["greeting"]["changed"] == 1
    assert report["rules"]["duplicate"]["removed"] == 1
    found = answers(workspace)
    assert found[rows[0].question] == ROWS[0].answer
    assert found[rows[1].question] == rows[1].answer
    assert rows[2].question not in found


def test_markup_and_control_characters_are_cleaned_in_every_cell(workspace: Workspace) -> None:
    row = ROWS[0]
    answer = f"<p>{row.answer}&nbsp;&mdash; да</p>\x07"
    dirty = Row(f"<b>{row.question}</b>", f"{row.description}\u200b", answer)
    report = prepare(workspace, [dirty, *ROWS[1:5]])
    assert report["rules"]["markup, control characters"]["changed"] == 1
    assert Row(row.question, row.description, f"{row.answer} — да") in kept(workspace)


def test_a_question_is_never_in_both_halves_whatever_the_order(workspace: Workspace) -> None:
    rows = [
        replace(row, question=question, answer=f"{row.answer} Совет номер {number}.")
        for row in ROWS
        for number, question in enumerate((row.question, row.question.upper() + "!!", row.question))
    ]
    halves = []
    for order in (rows, rows[::-1]):
        report = prepare(workspace, order, "--eval-share", "0.3")
        assert (report["kept"], report["questions_in_both"]) == (len(rows), 0)
        folder = workspace.state / DATA
        train, held = (
            {normal(row.question) for row in read_prepared(folder / f"{name}.jsonl")}
            for name in ("train", "eval")
        )
        assert train and held and not train & held
        assert len(train | held) == len(ROWS)
        halves.append(held)
    assert halves[0] == halves[1]
    prepare(workspace, rows, "--eval-share", "0.3", "--seed", "1")
    held = {normal(row.question) for row in read_prepared(workspace.state / DATA / "eval.jsonl")}
    assert held != halves[0]


def test_the_same_input_gives_the_same_bytes(workspace: Workspace) -> None:
    def content() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (workspace.state / DATA).iterdir()}

    rows = [*ROWS, beginning(0, "Здравствуйте! "), ROWS[1]]
    prepare(workspace, rows)
    first = content()
    assert sorted(first) == ["eval.jsonl", "report.json", "train.jsonl"]
    prepare(workspace, rows)
    assert content() == first


def test_options_set_the_rules(workspace: Workspace) -> None:
    words = workspace.root / "own.txt"
    words.write_text("насос\n", encoding="utf-8")
    rows = [*(replace(row, description="") for row in ROWS[:20]), *ROWS[20:]]
    report = prepare(workspace, rows, "--min-description", "0", "--bad-words", str(words))
    pumps = [row for row in rows if "насос" in row.question]
    assert report["rules"]["bad words"]["removed"] == len(pumps) > 0
    assert report["kept"] == len(rows) - len(pumps)
    assert prepare(workspace, rows, "--limit", "7")["kept"] == 7
    out = workspace.root / "else" / "where"
    prepare(workspace, ROWS, "--out", str(out), "--min-answer", "1")
    assert (out / "train.jsonl").is_file()


def test_a_table_is_shown(workspace: Workspace) -> None:
    done = workspace.run(*PREPARE, source(workspace, [*ROWS, beginning(0, "Мент! ")]))
    assert done.returncode == 0, done
    assert "bad words" in done.stdout and "мент (1)" in done.stdout
    assert f"kept {len(ROWS)} of {len(ROWS) + 1} rows" in done.stdout
    assert "rows in" in done.stderr


def test_a_column_of_descriptions_is_needed_only_where_it_is_looked_at(
    workspace: Workspace,
) -> None:
    rows = [{"question": row.question, "answer": row.answer} for row in ROWS]
    told = workspace.fails(1, *PREPARE, source(workspace, rows))
    assert "has no column description; it has: question, answer" in told
    assert prepare(workspace, rows, "--min-description", "0")["kept"] == len(ROWS)


def test_a_folder_is_read_without_the_files_that_lack_the_columns(workspace: Workspace) -> None:
    folder = workspace.root / "set"
    folder.mkdir()
    write_lines(folder / "b.jsonl", ROWS)
    write_lines(folder / "full.jsonl", [{"title": "a", "votes": 3}])
    (folder / "empty.jsonl").touch()
    report = workspace.json(*PREPARE, str(folder))
    assert report["kept"] == len(ROWS)
    assert report["source"]["passed_over"] == ["full.jsonl"]
    (folder / "b.jsonl").unlink()
    told = workspace.fails(1, *PREPARE, str(folder))
    assert "has no column question, description, answer; it has: title, votes" in told
