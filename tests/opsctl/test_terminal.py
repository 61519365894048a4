"""What only a terminal shows: folded answers, a bar that gives way; and what is typed into one."""

import random
import re
import sys

import pytest

from opsctl.terminal.folding import Folder
from tests.terminal import on_a_terminal
from tests.workspace import Workspace, note, question

TEXT = "Складом  Зюйд1 заведует кладовщик\n— склады/Норд.txt, стр. 4\n\nТелефон: 405.\n"
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def lines_on_a_terminal(workspace: Workspace, columns: int, *args: str) -> list[str]:
    """What `opsctl args` writes on a terminal so wide: every state of every line."""
    done = on_a_terminal(workspace, *args, columns=columns)
    assert done.returncode == 0, done
    return re.split(r"[\r\n]+", ESCAPES.sub("", done.stdout).rstrip())


def test_an_answer_is_folded_between_words(indexed: Workspace) -> None:
    lines = lines_on_a_terminal(indexed, 30, "ask", question(1))
    assert "заведует кладовщик Норд1" in " ".join(lines)
    assert len(lines) > 2 and max(map(len, lines)) <= 30


@pytest.mark.parametrize("width", [1, 7, 20, 80])
def test_folding_changes_nothing_but_blanks(width: int) -> None:
    """In whatever pieces the text comes."""
    chance = random.Random(width)
    for _ in range(200):
        folded, left = list[str](), TEXT
        folder = Folder(folded.append, width)
        while left:
            size = chance.randint(1, 9)
            folder.add(left[:size])
            left = left[size:]
        folder.end()
        lines = "".join(folded).split("\n")
        assert "".join(lines).replace(" ", "") == TEXT.replace("\n", "").replace(" ", "")
        assert all(len(line) <= width or " " not in line.strip() for line in lines)
        assert width < 80 or "".join(folded) == TEXT


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_the_bar_has_room_beside_a_long_name(workspace: Workspace, columns: int) -> None:
    for number in range(30):
        workspace.write(f"Приказ о чём-то очень важном и длинном № {number}.txt", note(number))
    bars = [
        line for line in lines_on_a_terminal(workspace, columns, "reindex") if "indexing" in line
    ]
    assert any("30/30" in line for line in bars)
    assert all(line.count("━") + line.count("╸") + line.count("╺") >= 8 for line in bars), bars
    assert any("…" in line for line in bars) == (columns == 80)


@pytest.mark.parametrize(
    ("arguments", "piped"),
    [
        (question(1).split(), ""),
        (["-"], question(1)),
        ([], f"{question(1)}\n"),
    ],
)
def test_a_question_needs_no_quotes_and_may_come_from_a_pipe(
    indexed: Workspace, arguments: list[str], piped: str
) -> None:
    done = indexed.run("ask", *arguments, stdin=piped)
    assert done.returncode == 0 and "Норд1" in done.stdout


def test_a_locale_without_letters_asks_and_answers_in_russian(indexed: Workspace) -> None:
    plain = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    done = indexed.run("ask", question(1), env=plain, fresh=True)
    assert "заведует кладовщик Норд1" in done.stdout


def test_help_is_a_command_too(workspace: Workspace) -> None:
    assert workspace.run("help").stdout == workspace.run("--help").stdout
    assert workspace.run("help", "ask").stdout == workspace.run("ask", "--help").stdout
    assert workspace.run("help", "nonsense").returncode == 2


def test_files_that_are_passed_over_are_counted_by_kind(workspace: Workspace) -> None:
    workspace.write("a.txt", note(1))
    for number in range(50):
        workspace.write(f"{number}.dwg", "x")
    workspace.write("program.exe", "x")
    told = workspace.run("reindex").stderr
    assert "passed over: 50 files: no reader for .dwg\n" in told
    assert "passed over: program.exe: no reader for .exe\n" in told
    assert "7.dwg" not in told


def test_a_title_that_is_the_name_of_the_file_is_not_said_again(workspace: Workspace) -> None:
    page = f"<html><title>Склады</title><h1>Склады</h1><h2>Ключи</h2><p>{note(1)}</p></html>"
    workspace.write("Склады — Портал.html", page)
    workspace.reindex()
    assert "— Склады — Портал.html, Ключи\n" in workspace.run("ask", question(1)).stdout


def test_a_command_is_named_as_it_can_be_typed(workspace: Workspace) -> None:
    """Without an activated environment: by its path."""
    workspace.write("a.txt", note(1))
    program = workspace.root / "venv" / "bin" / "opsctl"
    program.parent.mkdir(parents=True)
    code = "from opsctl.__main__ import main; main()"
    program.write_text(f"#!{sys.executable}\n{code}\n")
    program.chmod(0o755)
    workspace.program = (str(program),)
    assert "try it: venv/bin/opsctl ask" in workspace.run("reindex").stderr
