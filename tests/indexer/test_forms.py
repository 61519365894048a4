"""Numbers, codes and dates, however they are written; and a document's own name."""

import io
from pathlib import Path

import docx
import pytest
from pypdf import PdfWriter

from indexer.passages.facts import name_words
from indexer.passages.forms import exact_forms
from indexer.passages.title import Head
from indexer.readers import read
from tests.indexer.sample_files import pdf, word
from tests.indexer.word_files import p, table, tr, word_xml
from tests.workspace import Workspace


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("Статья 5.6", "статьи 5.6."),
        ("п. 4.3.1", "(см. 4.3.1)"),
        ("КЛ-2054-Ж", "шкаф кл\u20112054\u2011ж"),
        ("84951234567", "+7 (495) 123-45-67"),
        ("8 495 123 45 67", "8(495)123-45-67"),
        ("5 мая", "05.05.2024"),
        ("May 5, 2024", "2024-05-05"),
        ("«7» августа 2025 г.", "07.08.2025"),
        ("45-п", "№ 45-п"),
    ],
)
def test_two_ways_to_write_it_have_a_form_in_common(asked: str, written: str) -> None:
    assert set(exact_forms(asked)) & set(exact_forms(written))


@pytest.mark.parametrize(
    "text",
    ["без чисел", "3,5 тонны", "северо-западная", "стр. 12", "45.13.2024", "1.Введение"],
)
def test_other_things_have_none_of_a_date_or_a_code(text: str) -> None:
    forms = exact_forms(text)
    assert not any(form.startswith(("date", "phone")) or form.isalnum() for form in forms)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Договоры/АрендаСклада2024.pdf", "Договоры Аренда Склада 2024"),
        ("otchet/dogovor-arendy.txt", "otchet dogovor arendy отчет договор аренды"),
        ("a_b.c.md", "a b c"),
    ],
)
def test_a_path_is_split_into_words(name: str, words: str) -> None:
    assert name_words(name) == words


RIVALS = {
    "5.6": ("Статья 5.6 о прививках.", "Статья 5.7 и статья 6.5 о выгуле."),
    "89500000": ("Смета: 89 500 000 рублей на мост.", "Смета: 500 рублей и 89 000 на мост."),
    "КЛ2054Ж": ("Клапан КЛ-2054-Ж для котла.", "Клапан КЛ-2055-Ж и КЛ-1054 для котла."),
    "5 мая": ("Сбор 05.05.2024 у ворот.", "Сбор 5 июня, а в мае нет, у ворот."),
}


@pytest.mark.parametrize("asked", RIVALS)
def test_the_passage_with_the_exact_form_comes_first(workspace: Workspace, asked: str) -> None:
    right, wrong = RIVALS[asked]
    workspace.write("a.txt", wrong)
    workspace.write("b.txt", right)
    workspace.reindex()
    found = workspace.json("ask", f"Что значит {asked}", "--sources-only", code=None)
    assert found["sources"][0]["file"] == "b.txt"


def test_a_document_is_found_by_its_name_and_properties(workspace: Workspace) -> None:
    word(workspace.documents / "zalog-tkatskaya.docx", "Он равен двум месячным платежам.")
    workspace.write("another.txt", "Он равен трём месячным платежам.")
    titled = PdfWriter(clone_from=io.BytesIO(pdf(["Мост закрыт"])))
    titled.add_metadata({"/Title": "Вестник Усть-Ильинска"})
    titled.write(workspace.documents / "b.pdf")
    document = docx.Document()
    document.add_paragraph("Ключи у вахтёра.")
    document.core_properties.title = "Порядок эвакуации"
    document.save(str(workspace.documents / "c.docx"))
    workspace.reindex()
    assert _first(workspace, "порядок эвакуации") == "c.docx"
    assert _first(workspace, "залог на Ткацкой") == "zalog-tkatskaya.docx"
    assert _first(workspace, "вестник Ильинска") == "b.pdf"


def test_the_rows_of_a_table_do_not_speak_for_the_whole_document(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Кто;Телефон;Отдел\nКим;2-15;склад\nЛи;3-08;касса\n")
    assert _head(path) == ""


def test_number_and_date_at_the_head_of_an_order_speak_for_it(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    date = table(tr("12 марта 2026 г.", "№ 147-ОД"))
    word_xml(path, p("ПРИКАЗ") + date + p("О дежурствах летом"))
    said = _head(path)
    assert "№ 147-ОД" in said
    assert "О дежурствах летом" in said


def _head(path: Path) -> str:
    head = Head()
    for page in read(path):
        head.add(page)
    return head.text()


def _first(workspace: Workspace, asked: str) -> str:
    found = workspace.json("ask", asked, "--sources-only", code=None)
    return str(found["sources"][0]["file"])
