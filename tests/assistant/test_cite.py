"""Which passages are cited for a model's answer."""

import pytest

from assistant.cite import citations
from indexer.search import Hit

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


@pytest.mark.parametrize("answer", ["I do not know.", "42", "…"])
def test_an_answer_that_shares_no_word_cites_the_best_passage_alone(answer: str) -> None:
    assert cited(answer) == ["ship.txt"]


def test_nothing_is_cited_from_nothing() -> None:
    assert citations("да", ()) == []
