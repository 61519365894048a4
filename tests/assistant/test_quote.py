"""What is quoted: whole blocks that answer, from the right document, or a hint that says so."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.quote import Choice, choose
from indexer.embedders import HashedStems
from indexer.search.searcher import Searcher
from indexer.sync.reindex import Chunking, reindex

ROOT = Path(__file__).resolve().parent.parent.parent

RULES = """# Правила общежития

## Заселение

Для заселения нужны следующие документы:

- паспорт;
- справка о прививках;
- две фотографии.

Комендант выдаёт ключ в день заселения. Ключ сдают вахтёру (к. 101, вн. 222) до 11:00.

## Гости

Гостей принимают до 22:00. Собак и кошек не держат.
"""
PRICES = """# Прачечная

| Вещь | Цена, руб. | Срок, дней |
|---|---|---|
| Пальто | 450 | 3 |
| Рубашка | 90 | 1 |
| Штора 1–5 м | 200 | 2 |
| Штора 6–12 м | 380 | 2 |
"""
FAQ = """Вопрос: Как вернуть товар, если он не подошёл?
Ответ: Принесите его с чеком в течение 14 дней.

Вопрос: Где мой заказ?
Ответ: Посмотрите в личном кабинете.
"""
MINUTES = """Протокол № 3

Повестка дня:
1. Ремонт крыши гаража.
2. Покупка снегоката.

По первому вопросу решили: ремонт крыши гаража начать 12 июля, отвечает Лосев К. П.
"""

HANDBOOK = """# Employee handbook

## Sick leave

Call your manager before 9:30 a.m. A doctor's note is needed from the fourth day.

## Probation

The probation period is three months.
"""

Asks = Callable[[str], Choice]


@pytest.fixture
def ask(tmp_path: Path) -> Asks:
    """Asks the documents in tmp_path/documents, which are indexed at the first question."""

    def asks(question: str) -> Choice:
        reindex(tmp_path / "documents", tmp_path / "index", HashedStems(), Chunking())
        searcher = Searcher(tmp_path / "index", lambda name: HashedStems())
        return choose(question, searcher.search(question))

    (tmp_path / "documents").mkdir()
    for name, text in (("rules.md", RULES), ("prices.md", PRICES), ("faq.txt", FAQ)):
        (tmp_path / "documents" / name).write_text(text, "utf-8")
    (tmp_path / "documents" / "minutes.txt").write_text(MINUTES, "utf-8")
    (tmp_path / "documents" / "handbook.md").write_text(HANDBOOK, "utf-8")
    return asks


def said(choice: Choice) -> str:
    assert choice.quote
    return choice.quote.text


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (
            "Какие документы нужны для заселения?",
            "Для заселения нужны следующие документы:\n- паспорт;\n- справка о прививках;\n"
            "- две фотографии.",
        ),
        (
            "Как вернуть товар, который не подошёл?",
            "Ответ: Принесите его с чеком в течение 14 дней.",
        ),
        ("How long does probation take?", "The probation period is three months."),
        (
            "Сколько стоит постирать пальто?",
            "Вещь: Пальто\nЦена, руб.: 450\nСрок, дней: 3",
        ),
    ],
)
def test_the_smallest_set_of_whole_blocks_is_quoted(ask: Asks, question: str, text: str) -> None:
    assert said(ask(question)) == text


CLAUSES = """# Правила дома

8.3. Трубы осматривает слесарь.

8.4. При заливе:

8.4.1. перекрыть кран;

8.4.2. обесточить розетки;

8.4.3. вызвать управляющего.

8.5. Ущерб возмещает виновник.

## На приём взять

- паспорт
- полис
"""


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (
            "Что делать с краном при заливе?",
            "8.4. При заливе:\n8.4.1. перекрыть кран;\n8.4.2. обесточить розетки;\n"
            "8.4.3. вызвать управляющего.",
        ),
        ("Что взять на приём?", "- паспорт\n- полис"),
        ("Что нужно взять на приём, кроме полиса?", "- паспорт\n- полис"),
    ],
)
def test_a_list_is_whole(ask: Asks, tmp_path: Path, question: str, text: str) -> None:
    (tmp_path / "documents" / "house.md").write_text(CLAUSES, "utf-8")
    assert text in said(ask(question))


def test_the_clauses_under_a_numbered_heading_are_whole(ask: Asks, tmp_path: Path) -> None:
    text = (
        "Пожар\n\n1. Общее\n1.1. Ответственный — завхоз.\n2. Действия при пожаре\n"
        "2.1. Позвоните 101.\n2.2. Выведите людей.\n2.3. Отключите ток.\n3. Курение\n"
        "3.1. Курят за складом.\n"
    )
    (tmp_path / "documents" / "fire.txt").write_text(text, "utf-8")
    clauses = "2.1. Позвоните 101.\n2.2. Выведите людей.\n2.3. Отключите ток."
    quoted = said(ask("Что делать при пожаре?"))
    assert quoted.endswith(f"2. Действия при пожаре\n{clauses}")


def test_items_left_out_before_the_one_asked_for_are_marked(ask: Asks, tmp_path: Path) -> None:
    steps = [f"{n}. Узел {n}: запишите показания датчика. {'Ждите. ' * 20}" for n in range(1, 9)]
    text = "# Пуск\n\nПорядок пуска насоса:\n\n" + "\n".join(steps)
    (tmp_path / "documents" / "pump.md").write_text(text, "utf-8")
    quoted = said(ask("Какой порядок пуска насоса на узле 7?"))
    assert "\n…\n7. Узел 7" in quoted
    assert "…\n…" not in quoted


def test_a_row_whose_last_cells_are_empty_has_its_columns(ask: Asks, tmp_path: Path) -> None:
    text = "Товар,Май,Июнь\nСыр,45,40\nХлеб,300\nМёд,7,9\n"
    (tmp_path / "documents" / "sales.csv").write_text(text, "utf-8")
    assert "Товар: Хлеб\nМай: 300" in said(ask("Сколько хлеба в мае?"))


def test_an_ordinal_is_its_number(ask: Asks, tmp_path: Path) -> None:
    rows = "".join(f"| {n} | {n + 10} июня |\n" for n in range(1, 6))
    table = f"# Вода\n\n| Подъезд | Нет воды |\n|---|---|\n{rows}"
    (tmp_path / "documents" / "water.md").write_text(table, "utf-8")
    assert "Нет воды: 13 июня" in said(ask("Когда не будет воды в третьем подъезде?"))


def test_rows_that_are_as_good_are_shown_together(ask: Asks, tmp_path: Path) -> None:
    rows = "| Йога | понедельник |\n| Бокс | вторник |\n| Йога | среда |\n"
    table = f"# Залы\n\n| Занятие | День |\n|---|---|\n{rows}"
    (tmp_path / "documents" / "gym.md").write_text(table, "utf-8")
    answer = said(ask("Когда йога?"))
    assert "День: понедельник" in answer
    assert "День: среда" in answer
    assert "вторник" not in answer


def test_an_abbreviation_ends_no_sentence(ask: Asks) -> None:
    assert "(к. 101, вн. 222) до 11:00." in said(ask("Кому сдают ключ?"))


def test_an_agenda_is_no_answer(ask: Asks) -> None:
    answer = said(ask("Когда ремонт крыши гаража?"))
    assert "12 июля" in answer
    assert "снегоката" not in answer


@pytest.mark.parametrize(("length", "price"), [("3", "200"), ("8", "380")])
def test_a_number_is_found_in_the_range_that_holds_it(ask: Asks, length: str, price: str) -> None:
    assert f"Цена, руб.: {price}" in said(ask(f"Сколько стоит штора {length} м?"))


def test_the_newer_of_two_editions_comes_first(ask: Asks, tmp_path: Path) -> None:
    text = "Премия за статью в журнале составляет {} % оклада каждому автору."
    for year, share in ((2023, 10), (2026, 18)):
        path = tmp_path / "documents" / f"Положение о премировании {year}.txt"
        path.write_text(text.format(share), "utf-8")
    choice = ask("Какая премия за статью в журнале?")
    assert "18 %" in said(choice)
    assert choice.older
    assert "10 %" in choice.older.text


def test_a_year_that_is_asked_for_is_answered_alone(ask: Asks, tmp_path: Path) -> None:
    for year, price in ((2025, 41), (2026, 45)):
        path = tmp_path / "documents" / f"Тарифы {year}.txt"
        path.write_text(f"Холодная вода стоит {price} рублей за кубометр.", "utf-8")
    choice = ask("Сколько стоила холодная вода в 2025 году?")
    assert "41" in said(choice)
    assert choice.older is None
    assert not ask("Сколько стоила холодная вода в 2019 году?").is_sure


def test_the_edition_of_a_year_is_known_by_its_name_or_title(ask: Asks, tmp_path: Path) -> None:
    text = "# Отпуск (редакция {} года)\n\n{}Отпуск длится {} дней.\n"
    repeals = "Редакция 2023 года утратила силу.\n\n"
    for year, before, days in ((2023, "", 28), (2025, repeals, 31)):
        path = tmp_path / "documents" / f"otpusk{year}.md"
        path.write_text(text.format(year, before, days), "utf-8")
    choice = ask("Сколько дней длился отпуск в 2023 году?")
    assert "28" in said(choice)
    assert choice.older is None
    choice = ask("Сколько дней длится отпуск?")
    assert "31" in said(choice)
    assert choice.older


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Сколько стоит степлер?", "Товар: Степлер\nЦена, руб.: 320"),
        ("Какая должность у Дронова?", "ФИО: Дронов Пётр\nДолжность: начальник отдела"),
        ("Кто решает, сколько стоит потерянный степлер?", "решает начальник"),
    ],
)
def test_a_row_answers_for_its_columns_before_prose_that_only_repeats_the_words(
    ask: Asks, tmp_path: Path, question: str, text: str
) -> None:
    (tmp_path / "documents" / "office.md").write_text(
        "| Товар | Цена, руб. |\n|---|---|\n| Степлер | 320 |\n| Дырокол | 410 |\n\n"
        "| ФИО | Должность |\n|---|---|\n| Дронов Пётр | начальник отдела |\n"
        "| Ким Ольга | бухгалтер |\n\n"
        "Сколько стоит потерянный степлер, решает начальник, какая бы ни была должность.\n",
        "utf-8",
    )
    assert text in said(ask(question))


def test_an_order_that_takes_the_place_of_another_is_the_newer_one(
    ask: Asks, tmp_path: Path
) -> None:
    text = "ПРИКАЗ\n\n№ {} от {}\n\nО питании\n\n{}Обед в столовой стоит {} рублей.\n"
    folder = tmp_path / "documents"
    repeals = "Приказ № 48 от 03.02.2025 считать утратившим силу.\n\n"
    (folder / "a.txt").write_text(text.format(7, "10.01.2026", repeals, 210), "utf-8")
    (folder / "b.txt").write_text(text.format(48, "03.02.2025", "", 190), "utf-8")
    choice = ask("Сколько стоит обед в столовой?")
    assert "210" in said(choice)
    assert choice.older
    assert "190" in choice.older.text
    repeals = "Приказ № 7 от 10.01.2026 отменить.\n\n"
    (folder / "a.txt").write_text(text.format(7, "10.01.2026", "", 210), "utf-8")
    (folder / "b.txt").write_text(text.format(48, "03.02.2025", repeals, 190), "utf-8")
    assert "190" in said(ask("Сколько стоит обед в столовой?"))


def test_rows_of_tables_of_another_kind_are_no_editions(ask: Asks, tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir(exist_ok=True)
    leave = (
        "Подразделение;Должность;ФИО;Таб. №;Дней\n"
        "Бухгалтерия;главный бухгалтер;Зимина Анна Сергеевна;0012;28\n"
        "АХО;начальник АХО;Сидорчук Елена Михайловна;0007;28\n"
    )
    phones = (
        "Сотрудник;Должность;Кабинет;Телефон\n"
        "Зимина Анна Сергеевна;главный бухгалтер;207;231\n"
        "Сидорчук Елена Михайловна;начальник АХО;105;210\n"
    )
    (folder / "График отпусков 2026.csv").write_text(leave, "utf-8")
    (folder / "Телефоны.csv").write_text(phones, "utf-8")
    assert ask("Что известно о Зиминой Анне Сергеевне, главном бухгалтере?").older is None


def test_minutes_are_no_editions_of_each_other(ask: Asks, tmp_path: Path) -> None:
    for number, text in ((7, "Решили купить снегоход."), (8, "Решили купить лодку и снегоход.")):
        (tmp_path / "documents" / f"Протокол {number}.txt").write_text(text, "utf-8")
    assert ask("Что решили купить?").older is None


def test_a_document_put_aside_is_the_older_one(ask: Asks, tmp_path: Path) -> None:
    text = "Пропуск в бассейн стоит {} рублей и действует один месяц."
    for name, price in (("Бассейн.txt", 700), ("Бассейн (архив).txt", 500)):
        (tmp_path / "documents" / name).write_text(text.format(price), "utf-8")
    choice = ask("Сколько стоит пропуск в бассейн?")
    assert "700" in said(choice)
    assert choice.older
    assert choice.older.hit.file == "Бассейн (архив).txt"


@pytest.mark.parametrize(
    "question", ["Сколько стоит постирать ковёр?", "Кто принимает жалобы на шум?"]
)
def test_a_subject_that_is_nowhere_makes_it_unsure(ask: Asks, question: str) -> None:
    assert not ask(question).is_sure


@pytest.mark.parametrize(
    ("question", "sure"),
    [
        ("Сколько стоит парковка в зоне Б?", True),
        ("Сколько стоит парковка в зоне Г?", False),
        ("СКОЛЬКО СТОИТ ПАРКОВКА В ЗОНЕ Б?", True),
        ("Какая площадь кладовой К-23?", True),
        ("Какая площадь кладовой К-24?", False),
        ("Что лежит в «Приюте-2»?", True),
    ],
)
def test_a_letter_or_a_code_that_is_asked_for_must_be_there(
    ask: Asks, tmp_path: Path, question: str, sure: bool
) -> None:
    (tmp_path / "documents" / "places.md").write_text(
        "Парковка в зоне Б стоит 40 рублей в час.\n\n"
        "Площадь кладовой № К-23 - 4,6 м².\n\nВ укрытии «Приют-2» лежит запас продуктов.\n",
        "utf-8",
    )
    assert ask(question).is_sure == sure


@pytest.mark.parametrize(
    "question", ["How do I sort a list in Python?", "Кто написал «Тараса Бульбу»?"]
)
def test_what_is_about_something_else_is_not_even_near(ask: Asks, question: str) -> None:
    assert not ask(question).is_near


def test_a_quotation_has_a_bounded_length(ask: Asks, tmp_path: Path) -> None:
    rows = "\n".join(f"| Болт М{n} | {n * 3} |" for n in range(1, 400))
    table = f"# Крепёж\n\n| Болт | Цена, руб. |\n|---|---|\n{rows}\n"
    (tmp_path / "documents" / "bolts.md").write_text(table, "utf-8")
    prose = "Верёвка должна быть сухой и чистой, её осматривает старший смены. " * 100
    (tmp_path / "documents" / "rope.txt").write_text(prose, "utf-8")
    for question in ("Какие болты есть в таблице крепёж?", "Кто осматривает верёвку?"):
        assert 0 < len(said(ask(question))) <= 700


def test_the_sample_questions_are_mostly_answered_by_what_is_quoted(sample_index: Path) -> None:
    searcher = Searcher(sample_index, lambda name: HashedStems())
    lines = (ROOT / "bench/questions/sample.jsonl").read_text("utf-8").splitlines()
    answered = 0
    for row in map(json.loads, lines):
        quote = choose(row["question"], searcher.search(row["question"])).quote
        answered += bool(quote) and row["answer"] in " ".join(
            ((quote and quote.text) or "").split()
        )
    assert answered >= 0.8 * len(lines)
