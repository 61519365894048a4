"""Words, stems and letter groups."""

import pytest

from indexer.passages.words import content_words, grams, is_cyrillic, stem, words


@pytest.mark.parametrize(
    ("one", "other"),
    [("станция", "станциями"), ("лёд", "леда"), ("measured", "measuring"), ("БУЙ", "буи")],
)
def test_forms_of_a_word_share_a_stem(one: str, other: str) -> None:
    assert stem(words(one)[0]) == stem(words(other)[0])


def test_yo_is_ye() -> None:
    assert words("Ёлка и ёж") == ["елка", "и", "еж"]


def test_letter_groups_mark_the_borders_of_a_word() -> None:
    assert grams("кот") == ("_кот", "кот_")
    assert grams("я") == ("_я_",)
    assert set(grams("Ветлугин")) & set(grams("Ветлугина"))


def test_asking_words_are_left_out_unless_there_is_nothing_else() -> None:
    assert content_words("Где находится станция?") == ["находится", "станция"]
    assert content_words("Кто когда где?") == ["кто", "когда", "где"]


def test_the_language_is_told_by_the_letters() -> None:
    assert is_cyrillic("Зонд Нерпа-600 CTD")
    assert not is_cyrillic("The zond «Нерпа» is described here")
    assert not is_cyrillic("")


@pytest.mark.parametrize(
    "forms",
    [
        "рынок рынка", "список списка", "справка справок", "продавец продавца", "имя имени",
        "время времени", "деньги денег", "окно окон", "день дня дней", "письмо писем",
        "журнал журнала журнале журналы", "охрана охраны охране охрану", "орган органов",
    ],
)  # fmt: skip
def test_no_word_is_parted_from_its_forms(forms: str) -> None:
    assert len(set(map(stem, forms.split()))) == 1


@pytest.mark.parametrize("pair", ["после посол", "сок ск", "человек человечный", "план пла"])
def test_other_words_stay_apart(pair: str) -> None:
    assert len(set(map(stem, pair.split()))) == 2


def test_latin_look_alikes_in_a_russian_word_are_its_own_letters() -> None:
    assert words("Cтoимость прoeзда") == ["стоимость", "проезда"]
    assert words("Wi-Fi, cat, KBM") == ["wi", "fi", "cat", "kbm"]
