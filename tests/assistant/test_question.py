"""What is asked in a message, without what people write around it."""

import pytest

from assistant.question.clean import cleaned, is_russian
from assistant.question.layout import other_layout
from assistant.question.split import LONGEST, MOST, Asked, essence, questions_of

RU, EN = "когда открыт склад в Тикси", "when is the store in Tiksi open"
WRAPPED = f"""
Доброе утро! {RU}?
Всем привет, {RU}?
Привет! Подскажи, {RU}?
Здравствуйте, коллеги! Кто-нибудь знает, {RU}?
Уважаемые коллеги, подскажите, пожалуйста, {RU}
добрый день подскажите пожалуйста {RU}
Добрый вечер. Извините, что так поздно, но {RU}?
Извините за глупый вопрос, {RU}?
Простите, пожалуйста, а {RU}?
Прошу прощения за беспокойство. Не могли бы вы сказать, {RU}?
сорри, {RU}
А можно узнать, {RU}?
Можно вопрос? {RU}?
Можете подсказать, {RU}?
Вы не подскажете, {RU}?
не подскажете {RU}
Мне нужно узнать, {RU}
Мне очень нужно срочно уточнить: {RU}?
Хочу спросить, {RU}
Хотел бы узнать, {RU}.
Хотела уточнить у вас, {RU}?
Интересует такой вопрос: {RU}?
Такой вопрос: {RU}
У меня вопрос, {RU}?
Быстрый вопрос — {RU}?
Не могу понять, {RU}
Никак не могу найти, {RU}
Я новенький, подскажите, {RU}?
Я новый сотрудник и никак не могу понять, {RU}?
Я тут недавно. {RU}?
Коллеги, никто не в курсе, {RU}?
Ребята, кто подскажет, {RU}?
Народ, {RU}?
Будьте добры, скажите, {RU}
Если не сложно, подскажите, {RU}?
{RU}? Спасибо!
{RU}? Заранее благодарю.
{RU}? Буду очень благодарна за ответ!
{RU} подскажите пожалуйста
{RU}, срочно!!!
{RU}? Очень срочно, жду ответа
{RU}? Спасибо большое, хорошего дня
{RU}?
С уважением, Иванов И. И.
Напомните, пожалуйста, {RU}? 🙏
Дайте знать, {RU}
Hi there! {EN}?
Good morning, {EN}?
Hello everyone, does anyone know {EN}?
Could someone tell me {EN}?
Could you please tell me {EN}?
Can you help me find out {EN}
Please let me know {EN}.
I would like to know {EN}
I'd like to ask {EN}
I need to know {EN}
I was wondering {EN}
Quick question: {EN}?
Sorry to bother you, {EN}?
Sorry for the stupid question, {EN}?
Excuse me, {EN}?
Do you happen to know {EN}?
I'm new here, {EN}?
I can't figure out {EN}
Any idea {EN}?
{EN}? TIA
{EN}? Thanks a lot!
{EN}? Thank you very much in advance.
{EN}, please
{EN} asap
{EN}? Any help would be appreciated.
{EN}?
Kind regards, John Smith
May I ask {EN}?
"""
KEPT = """
Что пишут на карточке «Спасибо»?
Что ответить на спасибо
Сколько нужно бланков?
Можно ли перенести отпуск?
Забыл пароль, что делать?
Когда день открытых дверей?
Кто хороший помощник директора?
Добрая воля — это что за судно?
Какая помощь положена новому сотруднику?
Когда выходит «Вопрос недели»?
Do I need a visa?
What is the good morning signal?
How do I ask for leave?
"""


def _messages(lines: str) -> list[str]:
    """Messages of a line each; one that begins with a regard belongs to the line before."""
    marked = lines.replace("\nС уважением", "\vС уважением").replace(
        "\nKind regards", "\vKind regards"
    )
    return [line.replace("\v", "\n") for line in marked.strip().split("\n")]


@pytest.mark.parametrize("message", _messages(WRAPPED))
def test_courtesy_around_a_question_weighs_nothing(message: str) -> None:
    asked = essence(cleaned(message)).lower().strip(" ?.!🙏")
    lead = ("а ", "но ")
    for word in lead:
        asked = asked.removeprefix(word)
    assert asked in (RU.lower(), EN.lower())


@pytest.mark.parametrize("question", _messages(KEPT))
def test_words_of_courtesy_that_are_meant_stay(question: str) -> None:
    assert essence(question) == question


def test_a_question_is_cleaned_as_documents_are() -> None:
    assert cleaned("Ско\u00adль\u200bко  стоит\u00a0проезд") == "Сколько стоит проезд"
    assert cleaned("до какои\u0306 станции") == "до какой станции"
    assert cleaned("за́мок") == "замок"
    assert cleaned("Cкoлькo cтoит USB") == "Сколько стоит USB"
    assert cleaned("раз\r\n\r\n  два ") == "раз\nдва"


@pytest.mark.parametrize(
    ("question", "russian"),
    [
        ("как настроить Cisco AnyConnect на Windows?", True),
        ("а hp?", True),
        ("anna.kuznetsova@office.example кто это", True),
        ("о чём instruction-for-guests.docx", True),
        ("Отпуск", True),
        ("What does «Берёзка» mean?", False),
        ("Where does Константин Константинопольский live?", False),
        ("VPN", False),
        ("691", False),
    ],
)
def test_the_language_of_a_question_is_that_of_its_common_words(
    question: str, russian: bool
) -> None:
    assert is_russian(question) is russian


def test_several_questions_are_taken_apart() -> None:
    message = "Добрый день! Где столовая? И сколько стоит обед в корп. 2? Спасибо!"
    assert [each.text for each in questions_of(message)] == [
        "Где столовая?",
        "И сколько стоит обед в корп. 2?",
    ]
    lines = "кто директор\nкакой у него телефон"
    assert [each.text for each in questions_of(lines)] == lines.split("\n")
    assert len(questions_of(" ".join(f"Где склад {number}?" for number in range(9)))) == MOST


def test_questions_without_capitals_are_taken_apart_and_asked_once() -> None:
    for message in ("где поесть? а где курить?", "где поесть? а где курить? где поесть?"):
        assert [each.text for each in questions_of(message)] == ["где поесть?", "а где курить?"]


def test_what_is_told_before_a_question_goes_with_it() -> None:
    assert questions_of("Потерял пропуск. Что делать?") == [
        Asked("Что делать?", before="Потерял пропуск.")
    ]


def test_one_question_stays_one() -> None:
    for question in (
        "Кто замещает проф. Иванова?",
        "Who mapped the St. Johns River in 1562?",
        "О чём статья «Кто виноват? Что делать?» в сборнике",
        "Сколько стоит 3.5 т груза по п. 2.1 договора?",
        "телефон бухгалтерии",
    ):
        assert questions_of(question) == [Asked(question)]


def test_a_pasted_mail_is_reduced_to_its_question() -> None:
    story = "Вчера мы вернулись с острова и долго разгружали ящики. " * 20
    asked = questions_of(f"{story}За сколько дней надо сдать отчёт? {story}С уважением, Пётр")
    assert [each.text for each in asked] == ["За сколько дней надо сдать отчёт?"]
    asked = questions_of(f"{story}Прошу сообщить порядок сдачи отчёта. {story}")
    assert [each.text for each in asked] == ["порядок сдачи отчёта."]
    (alone,) = questions_of(story)
    assert len(alone.text) <= LONGEST


def test_a_message_of_courtesy_alone_asks_nothing() -> None:
    for message in ("Спасибо!", "Здравствуйте", "Подскажите, пожалуйста", "ok, thanks a lot"):
        assert questions_of(message) == []


def test_the_keys_of_the_other_layout() -> None:
    assert other_layout("ult [hfyzn uhe;") == "где хранят груж"
    assert other_layout("руддщ") == "hello"
    assert other_layout("HX-21") == ""


@pytest.mark.parametrize("typed", ["КТО ТАКОЙ БЕЛОВ?", "кТО ТАКОЙ бЕЛОВ?"])
def test_a_question_in_capitals_is_the_one_in_small_letters(typed: str) -> None:
    assert cleaned(typed) == "кто такой белов?"
    for kept in ("ИНН", "Кто такой БЕЛОВ?", "Где HX-21?"):
        assert cleaned(kept) == kept
