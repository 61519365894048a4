"""reStructuredText: sections, plain text of every construct, directives of Sphinx."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from indexer.readers import Page, Table, Unreadable, read


def read_rst(folder: Path, text: str) -> list[Page]:
    path = folder / "a.rst"
    path.write_text(text, encoding="utf-8")
    return list(read(path))


def kinds(pages: list[Page]) -> list[tuple[str, str]]:
    return [
        (block.kind, page.text[block.start : block.stop]) for page in pages for block in page.blocks
    ]


def test_sections_stand_under_their_headings(tmp_path: Path) -> None:
    text = "Виварий\n=======\n\nНачало.\n\nКорм\n----\n\nФарш.\n\nВода\n----\n\nПить\n~~~~\n\nДа.\n"
    assert read_rst(tmp_path, text) == [
        Page("Начало.", heading="Виварий"),
        Page("Фарш.", heading="Виварий › Корм"),
        Page("Да.", heading="Виварий › Вода › Пить"),
    ]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("одна\nстрока", "одна строка"),
        ("**жирный**, ``код`` и `сайт <https://a.b>`_", "жирный, код и сайт"),
        ("См. :ref:`Уборка <clean>`, :doc:`план`.", "См. Уборка, план."),
        ("Класс :py:class:`~zoo.Cage`, `просто`", "Класс Cage, просто"),
        ("Срок |a|.\n\n.. |a| replace:: три дня", "Срок три дня."),
        ("| стих\n| строка", "стих\nстрока"),
        (".. комментарий\n\nтекст", "текст"),
        (".. contents:: О чём\n\nтекст", "текст"),
        (".. toctree::\n   :maxdepth: 2\n\n   a\n   b\n\nтекст", "текст"),
        (".. versionadded:: 2.1\n\nтекст", "New in version 2.1\n\nтекст"),
        (".. function:: feed(animal)\n\n   Кормит.", "feed(animal)\n\nКормит."),
        (".. tab-set::\n\n   .. tab-item:: Один\n\n      Текст.", "Один\n\nТекст."),
        ("    цитата", "цитата"),
        ("Нет |такого| и `ничего`_.", "Нет такого и ничего."),
    ],
)
def test_constructs_as_plain_text(tmp_path: Path, text: str, plain: str) -> None:
    assert "\n\n".join(page.text for page in read_rst(tmp_path, text)) == plain


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("- раз\n- два\n\n  1. три", [("item", "- раз"), ("item", "- два"), ("item", "1. три")]),
        ("c) раз\nd) два", [("item", "c) раз"), ("item", "d) два")]),
        (":Автор: Лисицына", [("field", "Автор: Лисицына")]),
        ("Хорёк\n   Мал.\n\n   Зол.", [("field", "Хорёк: Мал."), ("paragraph", "Зол.")]),
        ("--all, -a  Всё", [("field", "--all, -a: Всё")]),
        ("Где ключ?\n   У вахты.", [("question", "Где ключ?"), ("answer", "У вахты.")]),
        (".. note:: Ночью нельзя.", [("paragraph", "Note: Ночью нельзя.")]),
        (".. code-block:: sh\n   :linenos:\n\n   ls -l", [("code", "ls -l")]),
        ("Так::\n\n   ls -l", [("paragraph", "Так:"), ("code", "ls -l")]),
        (
            ".. figure:: a.png\n   :alt: Схема клетки сурка\n\n   Клетка",
            [("caption", "Схема клетки сурка"), ("caption", "Клетка")],
        ),
        ("Да [1]_.\n\n.. [1] Сноска.", [("paragraph", "Да 1."), ("note", "[1] Сноска.")]),
    ],
)
def test_kinds(tmp_path: Path, text: str, blocks: list[tuple[str, str]]) -> None:
    assert kinds(read_rst(tmp_path, text)) == blocks


GRID = "+----+----+\n| Имя| Тел|\n+====+====+\n| Рог| 405|\n+----+----+\n| Лис| 406|\n+----+----+\n"
SIMPLE = "===  ===\nИмя  Тел\n===  ===\nРог  405\nЛис  406\n===  ===\n"
LIST = (
    ".. list-table::\n   :header-rows: 1\n\n   * - Имя\n     - Тел\n   * - Рог\n     - 405\n"
    "   * - Лис\n     - 406\n"
)
CSV = ".. csv-table::\n   :header: Имя,Тел\n\n   Рог,405\n   Лис,406\n"


@pytest.mark.parametrize("text", [GRID, SIMPLE, LIST, CSV], ids=["grid", "simple", "list", "csv"])
def test_tables_are_rows_under_their_header(tmp_path: Path, text: str) -> None:
    (page,) = read_rst(tmp_path, text)
    assert page.text == "Имя | Тел\nРог | 405\nЛис | 406"
    assert {block.table for block in page.blocks} == {Table(header="Имя | Тел")}


def test_a_table_has_its_name_and_what_spans_columns_in_each(tmp_path: Path) -> None:
    text = ".. table:: Телефоны\n\n" + "".join(
        f"   {line}\n" for line in [*GRID.splitlines(), "| общий   |", "+---------+"]
    )
    (page,) = read_rst(tmp_path, text)
    assert page.text.startswith("Телефоны\n\nИмя | Тел\n")
    assert page.text.endswith("\nобщий")
    assert {block.table for block in page.blocks} == {Table("Телефоны", "Имя | Тел")}


@pytest.mark.parametrize(
    "text",
    [
        ".. include:: {}",
        ".. literalinclude:: {}",
        ".. csv-table::\n   :file: {}",
        ".. raw:: html\n   :file: {}",
        ".. code-block:: sh\n   :file: {}",
    ],
)
def test_other_files_are_not_read(tmp_path: Path, text: str) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("тайна,тайна\n", encoding="utf-8")
    pages = read_rst(tmp_path, f"{text.format(secret)}\n\nТекст.")
    assert "Текст." in pages[0].text
    assert not any("тайна" in page.text for page in pages)


@pytest.mark.parametrize(
    "text",
    [
        "+---+--\n| сломано\n+---+",
        ".. list-table::\n\n   * - сломано\n     - два\n   * - три",
        "А\n=\n\nБ\n-\n\nВ\n~\n\nГ\n=\n\nсломано\n~~~~~~~\n\nД",
        ".. image:: a.png\n   :нет: 1\n\nсломано",
    ],
)
def test_what_cannot_be_parsed_is_kept(tmp_path: Path, text: str) -> None:
    pages = read_rst(tmp_path, text)
    assert any("сломано" in f"{page.heading} {page.text}" for page in pages)


def test_a_large_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"^too large for reStructuredText: 6 MB"):
        read_rst(tmp_path, "a\n" * 3_000_000)


@pytest.mark.parametrize(
    "unit", ["*", "`", "|", "_ ", "- ", "+--", "=\n", ".. a::\n", "\\", "[1]_"]
)
def test_no_text_breaks_it(tmp_path: Path, unit: str) -> None:
    with suppress(Unreadable):
        read_rst(tmp_path, unit * 1000)
