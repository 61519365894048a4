"""Questions of every kind: an answer with its place, "nothing found", or words about the fault."""

import json

import pytest

from assistant.answer import MAX_QUESTION
from tests.indexer.sample_files import pdf, word
from tests.workspace import Workspace, note, question, said


def test_an_answer_names_file_and_page(workspace: Workspace) -> None:
    workspace.write("manual.pdf", pdf([note(1), note(2), note(3)]))
    workspace.reindex()
    reply = workspace.answer(question(2))
    (first, *_) = reply["citations"]
    assert (first["file"], first["page"]) == ("manual.pdf", 2)
    assert "Норд2" in first["quote"]
    assert first["quote"] in reply["text"]
    assert "manual.pdf, стр. 2" in reply["text"]
    assert reply["question"] == question(2)
    assert reply["engine"] == "extractive"
    assert 0 < reply["matched_words"] <= 1
    assert reply["confidence"] == reply["matched_words"]  # its former name


def test_a_sentence_over_the_end_of_a_page_is_cited_by_both_pages(workspace: Workspace) -> None:
    start = "Если давление в котле упало ниже четырёх, немедленно сообщить глав-"
    workspace.write("boiler.pdf", pdf([note(1), start, "ному теплотехнику Усольцеву.\nЖдать его."]))
    workspace.reindex()
    asked = "Кому сообщить, если давление в котле упало?"
    reply = workspace.answer(asked)
    (first, *_) = reply["citations"]
    assert first["quote"].endswith("немедленно сообщить главному теплотехнику Усольцеву.")
    assert (first["page"], first["last_page"]) == (2, 3)
    assert "boiler.pdf, стр. 2–3" in reply["text"]
    assert "boiler.pdf, стр. 2–3 " in workspace.run("ask", asked, "--sources-only").stdout


def test_a_document_without_pages_is_cited_by_its_section(workspace: Workspace) -> None:
    workspace.write("rules.md", f"# Правила\n\n## Склады\n\n{note(1)}\n")
    workspace.reindex()
    (first, *_) = workspace.answer(question(1))["citations"]
    assert (first["page"], first["heading"]) == (None, "Правила › Склады")


def test_every_format_can_be_asked_about(workspace: Workspace) -> None:
    workspace.write("1.txt", note(1))
    workspace.write("2.md", f"# Склад\n\n{note(2)}")
    workspace.write("3.html", f"<html><body><p>{note(3)}</p></body></html>")
    word(workspace.documents / "4.docx", note(4))
    workspace.write("5.pdf", pdf([note(5)]))
    workspace.reindex()
    for number, suffix in enumerate(("txt", "md", "html", "docx", "pdf"), start=1):
        assert workspace.source(question(number)) == f"{number}.{suffix}"


@pytest.mark.parametrize(
    "asked", [question(1), f"{question(9)} в 2019 году", "Какова температура плавления вольфрама?"]
)
def test_sources_and_prompt_tell_what_the_answer_does(indexed: Workspace, asked: str) -> None:
    said = indexed.json("ask", asked)
    assert indexed.json("ask", asked, "--sources-only")["found"] == said["found"]
    prompt = indexed.json("ask", asked, "--show-prompt")["prompt"]
    assert bool(prompt) == bool(said["citations"])


def test_the_answer_alone_is_on_stdout(indexed: Workspace) -> None:
    done = indexed.run("ask", question(1), fresh=True)
    assert done.returncode == 0
    assert "Норд1" in done.stdout
    assert "note1.txt" in done.stdout
    assert done.stderr == "[цитаты из документов]\n"


def test_nothing_found_is_an_answer_in_the_language_of_the_question(indexed: Workspace) -> None:
    for asked, text, how, whom in (
        (
            "Какова температура плавления вольфрама?",
            "Ответа в документах не нашёл.",
            "короче",
            "обратитесь сюда: Петров, вн. 400",
        ),
        (
            "Who painted the ceiling of the chapel?",
            "I found no answer in the documents.",
            "fewer words",
            "turn to: Петров, вн. 400",
        ),
    ):
        reply = indexed.json("ask", asked)
        assert (reply["found"], reply["citations"]) == (False, [])
        said, advice = reply["text"].split("\n")
        assert said == text and how in advice and "Петров" not in advice
        done = indexed.run("ask", asked, env={"OPSCTL_CONTACT": "Петров, вн. 400"})
        assert done.stdout.startswith(reply["text"]) and done.stdout.endswith(f"{whom}\n")


def test_how_to_ask_better_is_told_once_for_several_questions(indexed: Workspace) -> None:
    both = (
        f"Кто покрасил потолок капеллы? Где {question(1)}? Какова температура плавления вольфрама?"
    )
    text = indexed.json("ask", both)["text"]
    assert text.count("не нашёл") == 2 and text.count("короче") == 1 and "Норд1" in text


LONG = "Ящик стоит у дальней стены ангара и ждёт весны. " * 20


def test_all_of_what_is_quoted_in_part_is_shown_where_it_is_asked_for(workspace: Workspace) -> None:
    story = f"{LONG}Складом Зюйд1 заведует кладовщик Норд1. {LONG}Последний ящик пуст."
    workspace.write("склад.txt", f"Первый ящик полон.\n\n{story}\n\nКонец описи.")
    workspace.write("note2.txt", note(2))
    workspace.write("прайс.csv", "Услуга;Цена\nАнализ воды;900\nАнализ льда;1200\n")
    workspace.reindex()
    done = workspace.run("ask", question(1))
    assert "Последний ящик" not in done.stdout and "--full" in done.stderr
    full = workspace.run("ask", "--full", question(1))
    told = full.stdout
    assert told.index("Первый ящик") < told.index("Последний ящик пуст.") < told.index("Конец")
    assert told.count("Норд1") == told.count("склад.txt") == 1, (
        "the place and the text are told once"
    )
    assert told.count("\n— ") == 1 and "«" not in told
    assert "--full" not in full.stderr
    (one,) = workspace.json("ask", "--full", question(1))["full"]
    assert (one["file"], one["page"]) == ("склад.txt", None) and "Последний ящик" in one["text"]
    assert "full" not in workspace.json("ask", question(1))
    assert "--full" not in workspace.run("ask", question(2)).stderr
    whole = workspace.json("ask", "--full", "сколько стоит анализ льда")["full"][0]["text"]
    assert whole == "Услуга | Цена\nАнализ воды | 900\nАнализ льда | 1200"
    said = workspace.run("chat", stdin=f"/full\n{question(1)}\n/full\n")
    assert "Последний ящик пуст." in said.stdout and "no answer with a quotation" in said.stderr


def test_sources_only_lists_the_passages_best_first(indexed: Workspace) -> None:
    reply = indexed.json("ask", question(2), "--sources-only")
    assert reply["found"]
    assert 0 < reply["matched_words"] == reply["confidence"]
    assert reply["sources"][0]["file"] == "note2.txt"
    assert "Норд2" in reply["sources"][0]["text"]
    scores = [source["score"] for source in reply["sources"]]
    assert scores == sorted(scores, reverse=True)
    done = indexed.run("ask", question(2), "--sources-only")
    assert done.returncode == 0
    assert done.stdout.startswith("1. note2.txt")


def test_show_prompt_shows_passages_and_question(indexed: Workspace) -> None:
    prompt = indexed.json("ask", question(2), "--show-prompt")["prompt"]
    assert "note2.txt" in prompt
    assert question(2) in prompt
    assert indexed.run("ask", question(2), "--show-prompt").stdout.strip() == prompt.strip()


def test_where_nothing_is_found_there_is_no_prompt(indexed: Workspace) -> None:
    asked = ("ask", "Какова температура плавления вольфрама?", "--show-prompt")
    done = indexed.run(*asked)
    assert (done.returncode, done.stdout) == (0, "")
    assert "no model would be asked" in done.stderr
    assert indexed.json(*asked) == {"prompt": None}


@pytest.mark.parametrize("asked", ["", "   \t\n ", "???", "…—!", "🦭🧊"])
@pytest.mark.parametrize("flags", [(), ("--sources-only",)])
def test_a_question_without_a_word_is_refused(
    indexed: Workspace, asked: str, flags: tuple[str, ...]
) -> None:
    assert "the question is empty" in indexed.fails(2, "ask", *flags, "--", asked)


@pytest.mark.parametrize("flags", [(), ("--sources-only",)])
def test_a_question_of_100000_characters_is_refused_with_the_limit(
    indexed: Workspace, flags: tuple[str, ...]
) -> None:
    told = indexed.fails(2, "ask", *flags, "question " * 11_112)
    assert str(MAX_QUESTION) in told


@pytest.mark.parametrize(
    "asked",
    [
        "\"OR * NEAR( ) - : ^ AND NOT '",
        'склад" OR "1"="1',
        "stems:склад NEAR(а б, 2)",
        "Зюйд1'); DROP TABLE document; --",
        "%s %d {0} {} $HOME `id`",
        "ё" * 3000,
        "x" * MAX_QUESTION,
        "слово " * 600,
        "e\u0301 \u202eскладом\u202c Зюйд1",
        "кладовщик 🦭 Норд1",
        "\udcff\udcfe caf\udce9",  # bytes that are no UTF-8, as Python gives them
        "_",
        "²",
        "一",
    ],
)
def test_no_question_breaks_the_search(indexed: Workspace, asked: str) -> None:
    done = indexed.run("ask", "--json", "--", asked, fresh=True)
    if done.returncode:
        assert done.returncode == 2, done
        said(done)
    else:
        assert set(json.loads(done.stdout)) >= {"question", "text", "found", "citations"}
    assert indexed.source(question(1)) == "note1.txt"


def test_operators_are_read_as_words(indexed: Workspace) -> None:
    assert indexed.source(f'"{question(1)}" AND NOT склад*') == "note1.txt"


@pytest.mark.parametrize(
    "args",
    [
        ("nonsense",),
        ("ask", "a", "--nonsense"),
        ("reindex", "extra"),
        ("status", "--engine", "auto"),
        ("eval",),
    ],
)
def test_a_wrong_command_line_is_usage(workspace: Workspace, args: tuple[str, ...]) -> None:
    assert workspace.fails(2, *args).endswith(" --help")


@pytest.mark.parametrize("command", [("ask", "вопрос"), ("chat",)])
def test_an_unknown_engine_is_usage_and_the_known_ones_are_named(
    indexed: Workspace, command: tuple[str, ...]
) -> None:
    told = indexed.fails(2, *command, "--engine", "nonsense")
    assert "nonsense" in told
    assert "extractive" in told


def test_without_an_index_the_command_that_makes_one_is_named(workspace: Workspace) -> None:
    workspace.write("note.txt", note(1))
    for args in (("ask", question(1)), ("ask", question(1), "--sources-only")):
        told = workspace.fails(1, *args)
        assert told == "error: there is no index yet\nhint: opsctl reindex"
    assert not workspace.state.exists()


def test_an_index_without_documents_says_so(workspace: Workspace) -> None:
    workspace.documents.mkdir(exist_ok=True)
    workspace.run("reindex")
    told = workspace.fails(1, "ask", question(1))
    assert told == (
        "error: the index holds no documents\n"
        "hint: put documents into the folder, then: opsctl reindex"
    )
