"""Pages into passages."""

import random

import pytest

from indexer.chunks import count_tokens, make_splitter
from indexer.readers import Page

SENTENCES = [
    "Станция стоит на южном берегу острова.",
    "The winch carries four thousand metres of cable.",
    "Зимой здесь живут одиннадцать человек, летом — вдвое больше.",
    "Nobody goes on deck alone after dark!",
]


def _page(sentences: int) -> Page:
    chosen = random.Random(7).choices(SENTENCES, k=sentences)
    breaks = random.Random(8).choices([" ", " ", " ", "\n\n"], k=sentences)
    return Page("".join(a + b for a, b in zip(chosen, breaks, strict=True)))


@pytest.mark.parametrize(("tokens", "overlap"), [(256, 12), (64, 12), (40, 0)])
def test_passages_are_bounded_and_stand_where_they_say(tokens: int, overlap: int) -> None:
    page = _page(400)
    chunks = make_splitter(tokens, overlap)(page)
    assert len(chunks) > 10
    for chunk in chunks:
        assert page.text[chunk.start : chunk.end] == chunk.text
        assert count_tokens(chunk.text) <= tokens


def test_nothing_but_space_is_lost_between_passages() -> None:
    page = _page(300)
    covered: set[int] = set()
    for chunk in make_splitter(64, 12)(page):
        covered.update(range(chunk.start, chunk.end))
    left_out = {page.text[place] for place in range(len(page.text)) if place not in covered}
    assert all(char.isspace() for char in left_out)


def test_passages_end_with_a_sentence() -> None:
    chunks = make_splitter(64, 0)(_page(200))
    assert all(chunk.text.endswith((".", "!")) for chunk in chunks)


def test_a_page_without_text_has_no_passages() -> None:
    assert make_splitter(256, 12)(Page("", 3)) == []


def test_a_word_longer_than_a_passage_is_cut() -> None:
    chunks = make_splitter(16, 0)(Page("а" * 1000))
    assert "".join(chunk.text for chunk in chunks) == "а" * 1000
