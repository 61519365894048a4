"""Which passages are cited for a model's answer."""

import pytest

from assistant.cite import citations, is_refusal, unsupported
from indexer.search.searcher import Hit

HITS = (
    Hit("ship.txt", 1, None, "Корабль пришёл в мае. Он привёз насос для станции.", 0.9),
    Hit("pump.txt", 2, None, "Насос чинил механик. Дело было зимой.", 0.8),
    Hit("pier.txt", 3, None, "Корабль стоит у причала в мае, насос цел.", 0.7),
)


def cited(answer: str) -> list[str]:
    return [citation.file for citation in citations(answer, HITS)]


def test_passages_that_share_little_with_the_answer_are_left_out() -> None:
    assert cited("Корабль пришёл в мае и привёз насос.") == ["ship.txt", "pier.txt"]
    assert cited("Механик чинил его зимой.") == ["pump.txt"]


def test_the_best_passage_comes_first_and_with_the_block_that_answers() -> None:
    first, *others = citations("Насос чинил механик, не корабль.", HITS)
    assert (first.file, first.page, first.quote) == ("pump.txt", 2, HITS[1].text)
    assert len(others) == 2, "each has half of the two words"


@pytest.mark.parametrize("answer", ["It came long ago.", "42", "…"])
def test_an_answer_that_shares_no_word_cites_the_best_passage_alone(answer: str) -> None:
    assert cited(answer) == ["ship.txt"]


def test_the_passages_that_an_answer_names_are_cited_by_their_numbers() -> None:
    found = citations("Насос чинил механик [2], судно цело [3, 1]. Так [2] и [9].", HITS)
    assert [(one.file, one.number) for one in found] == [
        ("pump.txt", 2), ("pier.txt", 3), ("ship.txt", 1)
    ]  # fmt: skip


def test_bare_numbers_are_no_shared_words() -> None:
    places = Hit("a.txt", 1, None, "Норма 25 мест.", 0.9)
    hits = (places, Hit("b.txt", 1, None, "Глубина 25 см.", 0.8))
    assert [one.file for one in citations("Глубина 25", hits)] == ["b.txt"]


@pytest.mark.parametrize(
    "answer",
    [
        "В документах ответа нет.",
        "«В документах ответа нет.» [1]",
        "В дополнительной информации ответа на этот вопрос нет.",
        "Не знаю.",
        "К сожалению, в отрывках нет такой информации.",
        "В документах об этом не сказано.",
        "It is not mentioned in the passages.",
        "The passages do not contain the answer.",
        "I don't know.",
    ],
)
def test_a_refusal_is_told_from_an_answer(answer: str) -> None:
    assert is_refusal(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "Корабль пришёл в мае.",
        "Срок в договоре не указан, сведений о нём нет [2].",
        "The ship came in May.",
        "Краска не содержит растворителей и свинца.",
        "Срок в договоре не указан.",
        "The paint does not contain lead.",
        "Стоянка не нужна.",
    ],
)
def test_an_answer_is_no_refusal(answer: str) -> None:
    assert not is_refusal(answer)


def test_sentences_that_no_passage_holds_are_named() -> None:
    invented = "Капитан получил орден за спасение экипажа."
    said = f"Корабль пришёл в мае и привёз насос [1]. {invented}"
    assert unsupported(said, HITS) == (invented,)
    assert unsupported("The captain was decorated for saving the crew.", HITS) == ()


@pytest.mark.parametrize(
    ("answer", "is_supported"),
    [
        ("Корабль пришёл в мае и привёз насос [1].", True),
        ("Корабль пришёл в мае и привёз насос. [1]", True),
        ("Корабль пришёл в мае и привёз насос [2].", False),
        ("Корабль пришёл в мае и привёз насос.", True),
        ("Насос чинил механик [2]. Корабль пришёл в мае и привёз груз.", False),
    ],
)
def test_a_sentence_is_looked_for_in_the_passages_that_are_cited_for_it(
    answer: str, is_supported: bool
) -> None:
    assert bool(unsupported(answer, HITS)) != is_supported


def test_nothing_is_cited_from_nothing() -> None:
    assert citations("да", ()) == []
