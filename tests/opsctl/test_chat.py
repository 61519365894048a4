"""opsctl chat, through a pipe and on a terminal."""

import re
import signal

import pytest

from tests.indexer.sample_files import pdf
from tests.terminal import CTRL_C, on_a_terminal
from tests.workspace import Workspace, note, question

SUMMER = "Сколько стоит летом проживание в домике полярника?"
SEASONS = (
    "Проживание в домике полярника летом стоит сорок рублей за сутки.\n\n"
    "Проживание в домике полярника зимой стоит девяносто рублей за сутки."
)


@pytest.fixture
def dialogue(workspace: Workspace) -> Workspace:
    for number in (1, 2):
        workspace.write(f"note{number}.txt", note(number))
    workspace.write("prices.txt", SEASONS)
    workspace.reindex()
    return workspace


def talk(workspace: Workspace, *lines: str) -> tuple[str, str]:
    done = workspace.run("chat", stdin="".join(f"{line}\n" for line in lines))
    assert done.returncode == 0, done
    assert "Traceback" not in done.stderr
    return done.stdout, done.stderr


def test_each_question_is_answered_in_turn(dialogue: Workspace) -> None:
    said, _ = talk(dialogue, question(2), question(1))
    assert said.index("Норд2") < said.index("note2.txt") < said.index("Норд1")
    assert "note1.txt" in said


def test_the_end_of_the_input_and_exit_end_the_dialogue(dialogue: Workspace) -> None:
    for last in ("/exit", "/quit"):
        said, _ = talk(dialogue, question(1), last, question(2))
        assert "Норд1" in said
        assert "Норд2" not in said
    assert talk(dialogue)[0] == ""


def test_sources_shows_the_passages_of_the_last_answer(dialogue: Workspace) -> None:
    said, _ = talk(dialogue, question(1), question(2), "/sources")
    listed = said[said.index("1. note2.txt") :]
    assert "Норд2" in listed
    _, noted = talk(dialogue, "/sources")
    assert "no question has been asked yet" in noted


def test_a_follow_up_is_understood_with_the_question_before(dialogue: Workspace) -> None:
    said, _ = talk(dialogue, SUMMER, "а зимой, в мороз и вьюгу?")
    assert "девяносто" in said
    assert "Ответа в документах не нашёл." not in said


def test_new_forgets_the_question_before(dialogue: Workspace) -> None:
    follow_up = "А сколько тогда и почему?"
    with_before, _ = talk(dialogue, SUMMER, follow_up)
    said, _ = talk(dialogue, SUMMER, "/new", follow_up)
    assert "Ответа в документах не нашёл." not in with_before
    assert "Ответа в документах не нашёл." in said


def test_an_error_in_the_dialogue_is_told_and_does_not_end_it(dialogue: Workspace) -> None:
    said, noted = talk(dialogue, "???", "слово " * 1000, question(1))
    assert noted.count("error: ") == 2
    assert "the question is empty" in noted
    assert "Норд1" in said


def test_an_index_that_appears_during_the_dialogue_is_used(workspace: Workspace) -> None:
    workspace.write("note1.txt", note(1))
    with workspace.start("chat", fresh=True) as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdin.write(question(1) + "\n")
        process.stdin.flush()
        assert "there is no index yet" in process.stderr.readline()
        workspace.reindex()
        process.stdin.write(question(1) + "\n")
        process.stdin.flush()
        assert "Норд1" in process.stdout.readline()
        workspace.write("note1.txt", note(20))
        workspace.reindex()
        process.stdin.write(question(20) + "\n")
        process.stdin.flush()
        assert any("Норд20" in process.stdout.readline() for _ in range(5))
        workspace.reindex("--rebuild")
        process.stdin.write(question(20) + "\n/exit\n")
        process.stdin.flush()
        assert "Норд20" in process.stdout.read()
        assert process.wait() == 0


def test_an_unknown_command_shows_the_known_ones(dialogue: Workspace) -> None:
    said, noted = talk(dialogue, "/nonsense", "", question(1))
    assert "/sources" in noted
    assert "Норд1" in said


def test_bytes_that_are_no_text_do_not_end_the_dialogue(dialogue: Workspace) -> None:
    dialogue.options |= {"errors": "surrogateescape"}
    said, _ = talk(dialogue, "\udcff\udcfe", question(1))
    assert "Норд1" in said


def test_ctrl_c_at_the_prompt_ends_the_dialogue(dialogue: Workspace) -> None:
    with dialogue.start("chat", fresh=True) as process:
        assert process.stdin and process.stdout
        process.stdin.write(question(1) + "\n")
        process.stdin.flush()
        assert "Норд1" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, noted = process.communicate()
    assert process.returncode in (0, 130)
    assert "Traceback" not in noted


def test_ctrl_c_at_the_prompt_leaves_the_shell_a_line_of_its_own(dialogue: Workspace) -> None:
    done = on_a_terminal(
        dialogue, "chat", typing=lambda shown: CTRL_C if shown.endswith("> ") else ""
    )
    assert done.returncode == 130, done
    assert done.stdout.endswith("\r\n")
    assert "Traceback" not in done.stdout


def test_a_russian_dialogue_reads_russian_throughout(workspace: Workspace) -> None:
    workspace.write("устав.pdf", pdf(["Навигация на реке Кумже открыта с мая.", "Причалы."]))
    workspace.reindex()
    asked = "С какого месяца открыта навигация на реке Кумже?"
    said, noted = talk(workspace, asked, "/sources", "/full", "/help", "Сколько стоит ананас?")
    assert ", стр. 1" in said and ", p. " not in said
    assert "/new — начать заново" in noted
    assert not re.search(r"[A-Za-z]{3}", re.sub(r"/\w+|Ctrl-D|устав.pdf", "", said + noted))
    said, noted = talk(workspace, "When is the river Кумжа open?", "/sources", "/help")
    assert "стр." not in said and "/new starts over" in noted


def test_a_russian_dialogue_without_an_answer_to_quote_says_so_in_russian(
    dialogue: Workspace,
) -> None:
    _, noted = talk(dialogue, "Сколько стоит ананас в Бразилии?", "/full")
    assert "ответа с цитатой ещё не было" in noted
