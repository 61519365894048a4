"""Plain text into blocks."""

from __future__ import annotations

import time

import pytest

from indexer.readers.plain import blocks_of


def kinds(text: str) -> list[tuple[str, str]]:
    return [(block.kind, text[block.start : block.stop]) for block in blocks_of(text)]


@pytest.mark.parametrize(
    "text",
    [
        "Станция стоит на берегу. Зимой здесь живут одиннадцать человек.",
        "Станция стоит на берегу острова и\nработает круглый год, в том числе\nзимой.",
        "Пушкин родился в\nг. Москве. Его звали\nА. С. Пушкин.",
        "Обед  с часу до двух,\nужин  начинают в шесть, а\nзавтрак в восемь.",
        "Часть работ идёт зимой.",
        "Статья 5.6 применяется всегда, когда\nнет других правил.",
        "Зачем? Потому что так решено.",
        "ИНН 7701234567",
    ],
)
def test_prose_stays_one_paragraph(text: str) -> None:
    assert kinds(text) == [("paragraph", text)]


@pytest.mark.parametrize(
    ("heading", "level"),
    [
        ("Глава 1", 1),
        ("Глава IV. Отпуск и отгулы", 1),
        ("ПРАВИЛА РАСПОРЯДКА", 1),
        ("ПРАВИЛА ВНУТРЕННЕГО\nРАСПОРЯДКА", 1),
        ("Статья 4.6. Стоянка у фонтана", 2),
        ("## Отпуск", 2),
    ],
)
@pytest.mark.parametrize("between", ["\n", "\n\n"])
def test_headings(heading: str, level: int, between: str) -> None:
    text = f"{heading}{between}Отпуск дают по графику."
    assert kinds(text) == [("heading", heading), ("paragraph", "Отпуск дают по графику.")]
    assert blocks_of(text)[0].level == level


def test_underlined_headings() -> None:
    text = "======\nОтпуск\n======\n\nПо графику.\n\nОтгул\n-----\nПо заявлению."
    assert [(block.kind, block.level) for block in blocks_of(text)] == [
        ("heading", 1),
        ("paragraph", 0),
        ("heading", 2),
        ("paragraph", 0),
    ]


def test_a_number_alone_over_a_paragraph_is_a_heading_and_in_a_list_an_item() -> None:
    text = "1. Рабочее время\n\nДень короток.\n\n1. хлеб\n\n2. соль\n\nКонец списка."
    assert [kind for kind, _ in kinds(text)] == [
        "heading", "paragraph", "item", "item", "paragraph",
    ]  # fmt: skip


@pytest.mark.parametrize("body", ["- хлеб\n- соль", "Хлеб    40\nСоль    30"])
def test_a_number_alone_over_bullets_or_a_table_is_a_heading(body: str) -> None:
    text = f"1. Закупка\n\n{body}\n\n2. Остаток\n\n{body}"
    assert [each for kind, each in kinds(text) if kind == "heading"] == ["1. Закупка", "2. Остаток"]


def test_a_number_over_bullets_that_stand_further_in_is_an_item() -> None:
    text = "1. Закупка\n\n   - хлеб\n   - соль"
    assert [kind for kind, _ in kinds(text)] == ["item"] * 3


def test_items_have_depth_and_go_on_over_lines() -> None:
    text = "Нужны:\n- заявление на имя\n  директора;\n    - копия;\n- справка\n2.1. Пункт"
    assert kinds(text) == [
        ("paragraph", "Нужны:"),
        ("item", "- заявление на имя\n  директора;"),
        ("item", "- копия;"),
        ("item", "- справка"),
        ("item", "2.1. Пункт"),
    ]
    assert [block.level for block in blocks_of(text)] == [0, 0, 1, 0, 1]


@pytest.mark.parametrize(
    "lines",
    [
        ("Имя        Телефон", "Рогов          405", "Ланская        406"),
        ("Имя\tТелефон", "Рогов\t405", "Ланская\t406"),
        ("│ Имя │ Телефон │", "│ Рогов │ 405 │", "│ Ланская │ 406 │"),
        ("Имя      Кто        Где", "Рогов    водитель   гараж"),
    ],
)
@pytest.mark.parametrize("ruler", ["", "-------  ---------\n"])
def test_aligned_columns_are_rows_under_a_header(lines: tuple[str, ...], ruler: str) -> None:
    head, *rows = lines
    body = "\n".join(rows)
    text = f"Телефоны института\n{head}\n{ruler}{body}\n\nКонец."
    blocks = blocks_of(text)
    assert kinds(text)[1:-1] == [("row", line) for line in lines]
    assert {block.table.header for block in blocks if block.table} == {head}


def test_rows_that_begin_with_a_number_have_no_header() -> None:
    text = "Приёмная    100\nГараж       118\nОхрана      150"
    assert [(block.kind, block.table) for block in blocks_of(text)] == [("row", None)] * 3


@pytest.mark.parametrize(
    "text",
    [
        "Где ключ?\nУ вахты.",
        "Где ключ?\n\nУ вахты.",
        "Вопрос: где ключ\nАбросимова?\nОтвет: у вахты.",
        "Q: Where is it?\nA: At the gate.",
        "1. Где ключ?\n\nУ вахты.",
    ],
)
def test_questions_have_answers(text: str) -> None:
    assert [kind for kind, _ in kinds(text)] == ["question", "answer"]


def test_questions_one_under_another() -> None:
    text = "Где ключ?\nУ вахты.\nКто там?\nЯ."
    assert [kind for kind, _ in kinds(text)] == ["question", "answer", "question", "answer"]


ENTRIES = ("1. Корм ........ 3", "2. Уборка клеток\nу сурков . . . . . . 5", "Врач ......... 7")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Содержание\n", ""),
        ("# CONTENTS\n\n", "\n\nВрач приходит."),
        ("Оглавление\n\nГлава 1 ...... 2\n\nПрочее\n\n", ""),
        ("", "\n\n1. Корм\n\nДают утром.\n\nУборка клеток у сурков\n\nПо средам."),
    ],
)
def test_lines_of_contents(before: str, after: str) -> None:
    entries = "\n".join(ENTRIES)
    found = [text for kind, text in kinds(before + entries + after) if kind == "contents"]
    assert found[-3:] == list(ENTRIES)


def test_contents_go_on_over_the_page() -> None:
    text = "\n".join(ENTRIES)
    assert {block.kind for block in blocks_of(text, contents_go_on=True)} == {"contents"}


@pytest.mark.parametrize(
    "lines",
    [
        ("Чай ........ 40", "Кофе ....... 60", "Булка ...... 80"),
        ("Чай ........ 40 руб.", "Кофе . . . . . . 60 руб."),
        ("Глава 3 фильма ........ 300", "Глава 2 фильма ........ 200"),
        ("- Директор ........ Рогов И. И.", "- Вахта ........ 405"),
    ],
)
@pytest.mark.parametrize("title", ["", "Прейскурант\n", "Содержание жиров\n\n"])
def test_a_list_with_leaders_that_names_no_pages_is_of_rows(
    lines: tuple[str, ...], title: str
) -> None:
    found = kinds(title + "\n".join(lines) + "\n\nЦены на чай растут.")
    assert found[bool(title) : -1] == [("row", line) for line in lines]


def test_a_blank_to_fill_in_is_no_row() -> None:
    text = "Подпись ..............\nФ. И. О. ............."
    assert kinds(text) == [("paragraph", text)]


@pytest.mark.parametrize("unit", [". ", "..x", "  ", "a  b ", "|", "\n ", "-", "1. ", "=\n", "?\n"])
def test_no_text_takes_long(unit: str) -> None:
    text = unit * (60_000 // len(unit))
    before = time.process_time()
    blocks_of(text)
    assert time.process_time() - before < 5
