"""The rules by themselves: words in their forms, greetings, markup, halves."""

import random
from pathlib import Path

import pytest

from core.errors import UserError
from indexer.passages.words import words
from training.data.greetings import without_greeting
from training.data.markup import clean, is_links_only
from training.data.rules import BAD_WORDS, CONTROVERSIAL
from training.data.split import Split, normal
from training.data.word_list import WordList

BAD, TOPICS = WordList(BAD_WORDS), WordList(CONTROVERSIAL)
MENT = (
    "мент", "мента", "менту", "ментом", "менте", "менты", "ментов", "ментам", "ментами", "ментах",
)  # fmt: skip
INNOCENT = (
    "документ", "момент", "команда", "инструмент", "комментарий", "элемент", "аргумент",
    "командами", "документа", "преобразование", "ценообразование", "соотношения", "диалоговое",
    "забили два гола", "все голы", "в отношении", "по отношению", "политика", "разница",
    "на столе", "какая", "воины", "115 лет", "15 месяцев", "9 летучих",
)  # fmt: skip
GREETINGS = (
    "Здравствуйте, Семён! ", "Добрый день, Анна. ", "Привет, Вера! ", "Здравствуйте! ",
    "здравствуйте, ", "Добрый вечер!\n\n", "Семён, здравствуйте! ", "Привет)) ",
    "Доброго времени суток, Иван Петрович! ", "Здравствуйте, уважаемая Анна Сергеевна, ",
    "ЗДРАВСТВУЙТЕ, СЕМЁН! ", "Здравствуйте, семен. ", "Приветствую вас, Ольга, ", "Привет всем! ",
    "Здравствуйте, Ли! ", "Здравствуй, Мария-Анна! ",
)  # fmt: skip
NO_GREETINGS = (
    "Надежда умирает последней.", "Нет, не стоит. Спросите, нужно ли это вам.",
    "Паспорт восстановить просто. Проверьте, есть ли копия.", "Май, июнь, июль.",
    "Привет передавайте Вере.", "Добрый день начинается с кофе.", "Вера, надежда, любовь.",
    "Приветливость, Анна, дорога.", "Мир вам! Здравствуйте.", "Скажите: здравствуйте, Семён!",
)  # fmt: skip


def bad(text: str) -> str | None:
    return BAD.find(words(text))


def topic(text: str) -> str | None:
    return TOPICS.find(words(text))


@pytest.mark.parametrize("form", MENT)
def test_a_listed_word_is_found_in_every_form_and_case(form: str) -> None:
    for text in (form, form.upper(), f"Вчера {form.title()}, сказали они."):
        assert bad(text) == "мент"


@pytest.mark.parametrize("text", INNOCENT)
def test_words_that_hold_a_listed_one_are_kept(text: str) -> None:
    assert (bad(text), topic(text)) == (None, None)


def test_phrases_and_numbers_are_found_as_whole_words() -> None:
    assert bad("Да на фиг он нужен") == "на фиг"
    assert bad("да какая, скажите, разница") is None
    assert bad("а какая разница?") == "какая разница"
    assert topic("Дочери 15 лет.") == "15 лет"
    assert topic("мне 9 лет") == "9 лет"
    assert topic("наши отношения") == "отношения"
    assert topic("об образовании") == "образование"


def test_a_list_may_have_comments_and_must_have_words(tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_text("# ours\nЁлка  # and its forms\n\n", encoding="utf-8")
    entries = WordList(path)
    assert entries.entries == ["Ёлка"]
    assert entries.find(words("под ЁЛКОЙ")) == entries.find(words("у елки")) == "елка"
    for content in (b"# nothing\n", b"", "ёлка".encode("cp1251")):
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"own\.txt is"):
            WordList(path)
    with pytest.raises(UserError, match="there is no word list"):
        WordList(tmp_path / "absent.txt")


@pytest.mark.parametrize("greeting", GREETINGS)
def test_a_greeting_goes_with_its_names_and_nothing_else(greeting: str) -> None:
    for rest in ("Паспорт, Вера, восстановить просто.", "да. Нужно ли?", "Надежда есть!\n\nЛи."):
        assert without_greeting(greeting + rest) == rest


@pytest.mark.parametrize("text", NO_GREETINGS)
def test_names_elsewhere_cut_nothing(text: str) -> None:
    assert without_greeting(text) == text


def test_words_after_a_greeting_that_are_no_names_stay() -> None:
    assert without_greeting("Здравствуйте, вера в себя нужна.") == "вера в себя нужна."
    assert without_greeting("Здравствуйте, да. Можно.") == "да. Можно."
    assert without_greeting("Привет, май любимый") == "май любимый"
    assert without_greeting("Добрый день, надежда, к счастью, есть") == ("надежда, к счастью, есть")


def test_whatever_the_words_only_a_greeting_at_the_start_is_cut() -> None:
    chance = random.Random(5)
    pieces = (
        *(piece for text in (*GREETINGS, *NO_GREETINGS) for piece in text.split()),
        "ли", "май", "мир", "лев", "слава", "-", "(да)", "15", "?", "Анна", "Семён!",
    )  # fmt: skip
    hellos = ("здравств", "привет", "добр")
    cut = 0
    for _ in range(3000):
        text = " ".join(chance.choices(pieces, k=chance.randint(1, 12)))
        left = without_greeting(text)
        assert text.endswith(left), text
        gone = text[: len(text) - len(left)]
        assert not gone or any(hello in gone.casefold() for hello in hellos), text
        assert len(gone.split()) <= 8, text
        cut += bool(gone)
    assert 100 < cut < 2900  # the texts were of both kinds


def test_markup_goes_and_what_only_looks_like_it_stays() -> None:
    assert clean("<p>Раз&nbsp;два</p><br/>три <b>четыре</b>") == "Раз два\n\nтри четыре"
    assert clean('<a href="https://a.b/">ссылка</a> &lt;b&gt; &amp; всё') == "ссылка <b> & всё"
    assert clean("ноль\u200bширина\ufeff\x07 \x00конец\r\nстрока") == "нольширина конец\nстрока"
    for text in (
        "a < b > c",
        "List<String> x",
        "AT&T, R&D;",
        "2<3\n\tда",
        "&неясно;",
        "👨‍👩‍👧 семья",
    ):
        assert clean(text) == text


def test_links_only() -> None:
    assert is_links_only("https://ya.ru/a?b=1, www.example.org — 15!")
    assert not is_links_only("смотрите https://ya.ru")
    assert not is_links_only("123")


def test_the_half_of_a_question_depends_on_its_words_and_the_seed_alone() -> None:
    questions = [f"Как починить насос {number}?" for number in range(4000)]
    split = Split(0.1, 7)
    held = [question for question in questions if split.is_eval(question)]
    assert 300 < len(held) < 500
    assert all(split.is_eval(question.upper().replace("?", " !")) for question in held)
    assert held != [question for question in questions if Split(0.1, 8).is_eval(question)]
    assert not any(Split(0, 7).is_eval(question) for question in questions)
    assert normal("Ещё раз: что?") == normal("еще РАЗ что")
    assert normal("?!") == "?!"
