"""Questions that say a thing otherwise than the documents do, beside those that are to stay."""

import os

import pytest

from tests.opsctl.test_chat import talk
from tests.workspace import Workspace

MINUTES = """# Протокол совещания № 4

12 мая 2026 года

## Повестка дня

1. Кровля гаража.
2. Отпуска.

## Решили

Кровлю гаража чинить с 3 июня. Ответственный: Петров И. И.
"""
NET = """# Связь

## Wi-Fi

Пароль гостевой сети висит на стойке охраны.

## Почта

Письма хранят полгода.

## VoIP

Телефония VoIP настраивается в отделе связи.
"""
PEOPLE = """Кто;Вопросы;Телефон
Гусева Марина;склад и ключи;вн. 405
Савельев Денис;почта;вн. 400
"""
PRICES = "Услуга;Цена, руб.\nАренда лотка;9750\nПоверка датчика;480\n"
RULES = "Дольше трёх часов машина на дворе не стоит.\n\nДетектор газа проверяет дежурный механик."
STORY = "Склад стоит у причала, и ключ от него висит у дежурного по институту. " * 3
ORDER = "ПРИКАЗ № {}\n\nот {} года\n\nО назначении дежурных по складу.\n\n{}Срок: до 2026 года."


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A few documents of an office, indexed once."""
    workspace = Workspace(tmp_path_factory.mktemp("said"))
    for name, text in {
        "протокол.md": MINUTES,
        "связь.md": NET,
        "люди.csv": PEOPLE,
        "прайс.csv": PRICES,
        "двор.txt": RULES,
        "Приказы/о складе.txt": ORDER.format("7-к", "3 марта 2026", STORY),
        "Приказы/ещё о складе.txt": ORDER.format("12-к", "09.05.2026", STORY),
        "Приказы/прежний.txt": ORDER.format("59", "9 мая 2025", STORY),
    }.items():
        workspace.write(name, text)
    for number in range(5):
        workspace.write(f"разное/{number}.txt", f"Ящик {number} стоит у стены.")
    workspace.reindex()
    return workspace


@pytest.mark.parametrize("asked", ["какая повестка", "что на повестке дня", "повестка совещания"])
def test_an_agenda_is_shown_where_it_is_asked_for(office: Workspace, asked: str) -> None:
    assert "1. Кровля гаража.\n2. Отпуска." in office.answer(asked)["text"]


def test_an_agenda_is_no_answer_to_another_question(office: Workspace) -> None:
    text = office.answer("когда чинить кровлю гаража")["text"]
    assert "3 июня" in text and "Отпуска" not in text


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("пароль wifi", "на стойке охраны"),
        ("пароль Wi-Fi", "на стойке охраны"),
        ("кто настраивает Vo-IP", "Телефония VoIP"),
        ("кто настраивает voip", "Телефония VoIP"),
    ],
)
def test_a_latin_word_is_found_joined_and_apart(office: Workspace, asked: str, says: str) -> None:
    reply = office.answer(asked)
    assert says in reply["text"] and reply["searched"] == ""


def test_a_word_of_the_language_is_no_misspelt_other(office: Workspace) -> None:
    for asked in ("а что дальше?", "дальше", "директор на складе", "какой директор у института"):
        assert office.json("ask", asked)["searched"] == "", asked


def test_words_of_speech_ask_as_others_do(office: Workspace) -> None:
    plain = office.answer("сколько стоит аренда лотка")["text"]
    for asked in ("почём аренда лотка", "почем аренда лотка?", "скока стоит аренда лотка"):
        assert office.answer(asked)["text"] == plain


def test_her_telephone_is_that_of_the_person_named_last(office: Workspace) -> None:
    said, _ = talk(office, "кто занимается складом и ключами", "какой у неё телефон")
    assert said.count("вн. 405") == 2 and "вн. 400" not in said
    said, _ = talk(office, "кто чинит кровлю гаража", "какой у него телефон")
    assert "Петров" in said and "вн." not in said  # nobody else's


def test_numbered_questions_on_one_line_are_answered_one_by_one(office: Workspace) -> None:
    text = office.answer("Добрый день! 1) почём аренда лотка 2) когда чинят кровлю гаража?")["text"]
    assert text.index("9750") < text.index("2. когда чинят") < text.index("3 июня")
    assert "1. " not in office.json("ask", "почём из этого: 1) аренда лотка 2) ангар")["text"]


def test_papers_are_listed_by_the_date_that_they_bear(office: Workspace) -> None:
    reply = office.json("ask", "приказы за 2026 год")
    assert reply["text"] == (
        "Нашёл документов: 2\n"
        "— Приказы/ещё о складе.txt, № 12-к от 09.05.2026\n"
        "— Приказы/о складе.txt, № 7-к от 03.03.2026"
    )
    assert office.json("ask", "приказы 2025")["text"].endswith("прежний.txt, № 59 от 09.05.2025")


def test_the_number_and_date_of_a_paper_are_told(office: Workspace) -> None:
    for asked in (
        "какой номер приказа «прежний» и от какого числа",
        "дата приказа прежний",
        "number and date of the приказ прежний",
    ):
        reply = office.answer(asked)
        assert reply["kind"] == "issued", asked
        assert "59" in reply["text"] and "2025" in reply["text"]
    both = office.answer("номер приказа о складе")["text"]
    assert "№ 7-к от 03.03.2026" in both and "№ 12-к от 09.05.2026" in both
    for asked in ("какой номер телефона у склада", "какой номер приказа"):
        assert office.json("ask", asked)["kind"] == "", asked  # no paper, any of them


def test_the_documents_are_listed_in_few_words(office: Workspace) -> None:
    for asked in ("документы", "покажи документы", "show me the documents"):
        assert office.json("ask", asked)["kind"] == "documents"
    assert office.json("ask", "документы для аренды")["kind"] == ""


def test_what_is_new_names_what_it_does_not_date(office: Workspace) -> None:
    for path in office.documents.rglob("разное/*"):
        os.utime(path, (86_400, 86_400))
    office.reindex()
    text = office.json("ask", "что нового?")["text"]
    assert text.count("\n— ") == 10
    assert text.split("\n")[-1].startswith("Ещё 3: ") and text.endswith(".txt")
    assert office.json("ask", "what is new")["text"].split("\n")[-1].startswith("3 more: ")
