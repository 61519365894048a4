"""Markdown: sections, plain text of every construct."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.readers import Page, Table, Unreadable, read
from tests.indexer.sample_files import CONTRACT


def read_markdown(folder: Path, text: str, encoding: str = "utf-8") -> list[Page]:
    path = folder / "a.md"
    path.write_bytes(text.encode(encoding))
    return list(read(path))


def test_sections_stand_under_their_headings(tmp_path: Path) -> None:
    text = "Начало\n\n# Глава *один*\n\nА\n\n## Срок\n\nБ\n\nИтог\n====\n\nВ\n"
    assert read_markdown(tmp_path, text) == [
        Page("Начало"),
        Page("А", heading="Глава один"),
        Page("Б", heading="Глава один › Срок"),
        Page("В", heading="Итог"),
    ]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("одна\nстрока", "одна строка"),
        ("стих  \nстрока", "стих\nстрока"),
        ("**жирный** и [ссылка](https://a.b/c 'т'), `код`", "жирный и ссылка, код"),
        ("![Схема *сети*](a.png)", "Схема сети"),
        ("| Имя | Цена |\n|---|---:|\n| Винт | **5** |", "Имя | Цена\nВинт | 5"),
        ("```python\nif a:\n    b = 1\n```", "if a:\n    b = 1"),
        ("- раз\n- два\n  - три\n\nвсё", "- раз\n- два\n- три\n\nвсё"),
        ("3. раз\n4. два", "3. раз\n4. два"),
        ("> цитата\n\n---\n\nдалее", "цитата\n\nдалее"),
        ("до\n\n<div><p>блок <b>html</b></p></div>\n\nпосле", "до\n\nблок html\n\nпосле"),
        ("до <b>в</b><!-- х -->", "до в"),
        ("<!-- замечание -->\n\nтекст", "текст"),
        ("5 &lt; 6 \\* 7", "5 < 6 * 7"),
    ],
)
def test_marks_become_plain_text(tmp_path: Path, text: str, plain: str) -> None:
    assert read_markdown(tmp_path, text) == [Page(plain)]


def test_front_matter_is_the_title_and_fields(tmp_path: Path) -> None:
    text = "---\ntitle: 'Договор'\ntags: [a, b]\nauthors:\n  - Рогов\n  - Ланская\n---\n"
    text += "\n# Глава\n\nТекст"
    pages = read_markdown(tmp_path, text)
    assert pages == [
        Page("tags: a, b\nauthors: Рогов, Ланская", heading="Договор"),
        Page("Текст", heading="Договор › Глава"),
    ]
    assert {block.kind for block in pages[0].blocks} == {"field"}


def test_text_between_two_rules_is_text(tmp_path: Path) -> None:
    text = "---\nПриказ о режиме. Дежурный: Рогов.\nГараж открыт\n---\nОзнакомлены.\n"
    assert read_markdown(tmp_path, text) == [
        Page("Приказ о режиме. Дежурный: Рогов. Гараж открыт\n\nОзнакомлены.")
    ]


def test_footnotes_are_notes(tmp_path: Path) -> None:
    (page,) = read_markdown(tmp_path, "Холод[^1].\n\n[^1]: От 2 до 8.\n[^2]: Синий.\n[a]: b\n")
    assert [(block.kind, page.text[block.start : block.stop]) for block in page.blocks] == [
        ("paragraph", "Холод[^1]."),
        ("note", "[^1]: От 2 до 8."),
        ("note", "[^2]: Синий. [a]: b"),
    ]


def test_lists_have_depth(tmp_path: Path) -> None:
    (page,) = read_markdown(tmp_path, "- раз\n  1. два\n  2. три\n- четыре\n\nвсё")
    assert [(block.kind, block.level) for block in page.blocks] == [
        ("item", 0),
        ("item", 1),
        ("item", 1),
        ("item", 0),
        ("paragraph", 0),
    ]


def test_a_question_in_a_paragraph_of_its_own_has_an_answer(tmp_path: Path) -> None:
    (page,) = read_markdown(tmp_path, "**Кто там?**\n\nЭто я.\n\nДалее")
    assert [block.kind for block in page.blocks] == ["question", "answer", "paragraph"]


def test_tables_in_html_keep_their_header(tmp_path: Path) -> None:
    text = "<table><tr><th>Имя</th><th>Цена</th></tr><tr><td>Винт</td><td>5</td></tr></table>"
    (page,) = read_markdown(tmp_path, text)
    assert {block.table for block in page.blocks} == {Table(header="Имя | Цена")}


_SIMPLE = """
  Зона      Тариф
  --------- --------
  Зелёная   5 200 р.
  Красная   9 850 р.

  : Тарифы
"""
_MULTILINE = """
  -----------------------
  Зона       Тариф за
             рейс
  ---------- ------------
  Зелёная,   5 200 р.
  ближняя

  Красная    9 850 р.
  -----------------------
"""
_GRID = """
+----------+----------+
| Зона     | Тариф    |
+==========+==========+
| Зелёная, | 5 200 р. |
| ближняя  |          |
+----------+----------+
| Красная  | 9 850 р. |
+----------+----------+
"""


@pytest.mark.parametrize(
    ("drawn", "rows"),
    [
        (_SIMPLE, ["Тарифы", "Зона | Тариф", "Зелёная | 5 200 р.", "Красная | 9 850 р."]),
        (_MULTILINE, ["Зона | Тариф за рейс", "Зелёная, ближняя | 5 200 р.", "Красная | 9 850 р."]),
        (_GRID, ["Зона | Тариф", "Зелёная, ближняя | 5 200 р.", "Красная | 9 850 р."]),
    ],
    ids=["simple", "multiline", "grid"],
)
def test_tables_drawn_by_pandoc_are_rows(tmp_path: Path, drawn: str, rows: list[str]) -> None:
    (page,) = read_markdown(tmp_path, f"До\n{drawn}\nПосле")
    lines = [page.text[block.start : block.stop] for block in page.blocks]
    assert lines == ["До", *rows, "После"]
    assert page.blocks[-2].table == Table(header=rows[-3])


@pytest.mark.parametrize("text", ["```\n  a    b\n  ---- ----\n  1    2\n```", "а\n\n-- --\n\nб"])
def test_other_dashes_are_no_tables(tmp_path: Path, text: str) -> None:
    (page,) = read_markdown(tmp_path, text)
    assert all(block.kind != "row" for block in page.blocks)


def test_terms_stand_with_their_meaning(tmp_path: Path) -> None:
    text = (
        "*ТТН*\n:   накладная,\n    в двух экземплярах\n\nРейс\n\n:   поездка\n\nЧас: 9\n: или 10"
    )
    (page,) = read_markdown(tmp_path, text)
    assert [(block.kind, page.text[block.start : block.stop]) for block in page.blocks] == [
        ("field", "ТТН: накладная, в двух экземплярах"),
        ("field", "Рейс: поездка"),
        ("field", "Час: 9: или 10"),
    ]


def test_a_rule_at_the_top_is_no_front_matter(tmp_path: Path) -> None:
    assert read_markdown(tmp_path, "---\n\nТекст\n\n---\n\nДалее") == [Page("Текст\n\nДалее")]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1251", "koi8-r"])
def test_other_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    pages = read_markdown(tmp_path, f"---\na: 1\n---\n# Глава\n\n{CONTRACT}", encoding)
    assert pages == [Page("a: 1"), Page(CONTRACT, heading="Глава")]


def test_windows_line_ends_are_read(tmp_path: Path) -> None:
    text = "---\r\na: 1\r\n---\r\n# Глава\r\n\r\nТекст\r\n"
    assert read_markdown(tmp_path, text) == [Page("a: 1"), Page("Текст", heading="Глава")]


def test_deep_nesting_is_survived(tmp_path: Path) -> None:
    assert "дно" in read_markdown(tmp_path, "конец\n\n" + "> " * 30 + "дно")[0].text
    assert read_markdown(tmp_path, "конец\n\n" + "> " * 5000 + "дно")[0].text.startswith("конец")


def test_a_long_section_is_cut(tmp_path: Path) -> None:
    pages = read_markdown(tmp_path, "# Глава\n\n" + f"{CONTRACT}\n\n" * 2000)
    assert all(len(page.text) <= 65536 and page.heading == "Глава" for page in pages)
    assert sum(page.text.count(CONTRACT) for page in pages) == 2000


def test_a_monstrous_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"text\n" * 2_400_000)
    with pytest.raises(Unreadable, match=r"^too large for Markdown: 12 MB, the limit is 5 MB"):
        list(read(path))
