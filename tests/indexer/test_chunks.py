"""Pages into passages."""

import random

import pytest

from indexer.passages.chunks import count_tokens, make_splitter
from indexer.readers import Block, Page, Table
from indexer.readers.page import Kind

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


def test_a_passage_is_made_of_whole_blocks() -> None:
    texts = ["Раз два три.", "Четыре пять шесть.", "Семь восемь девять."]
    assert [chunk.text for chunk in make_splitter(10, 0)(_blocks("paragraph", texts))] == [
        "Раз два три.\n\nЧетыре пять шесть.",
        "Семь восемь девять.",
    ]


def test_what_announces_goes_with_what_it_announces() -> None:
    texts = ["Раз два три четыре.", "Нужны такие вещи:", "- мыло, верёвка и табурет"]
    chunks = make_splitter(12, 0)(_blocks("item", texts))
    assert [chunk.text for chunk in chunks] == [texts[0], "\n\n".join(texts[1:])]


def test_a_clause_goes_with_those_under_it() -> None:
    text = "1. Цена\n1.1. Цена включает налог.\n2. Сроки\n2.1. Товар везут восемь дней."
    chunks = make_splitter(16, 0)(Page(text))
    assert [chunk.text for chunk in chunks] == [text[:33], text[34:]]


def test_rows_come_with_the_header_of_their_table() -> None:
    table = Table("Варенье", "Ягода | Минут")
    rows = [table.header, *(f"ягода{number} | {number}" for number in range(40))]
    chunks = make_splitter(24, 0)(_blocks("row", rows, table))
    assert chunks[0].lead == "" and chunks[0].text.startswith(table.header)
    assert {chunk.lead for chunk in chunks[1:]} == {"Варенье\nЯгода | Минут"}
    assert all(count_tokens(f"{chunk.lead}\n{chunk.text}") <= 24 for chunk in chunks)


def test_a_header_that_leaves_no_room_for_rows_is_not_repeated() -> None:
    table = Table(header=" | ".join(f"столбец{number}" for number in range(40)))
    chunks = make_splitter(24, 0)(_blocks("row", [table.header, "один | два", "три | пять"], table))
    assert {chunk.lead for chunk in chunks} == {""}


def test_a_row_that_fills_a_passage_comes_without_the_header() -> None:
    table = Table(header="Ягода | Минут | Сахар")
    long = " | ".join(f"слово{number}" for number in range(8))
    rows = [table.header, "один | два | три", long, " | ".join([long] * 3), "пять: | шесть:", long]
    chunks = make_splitter(25, 0)(_blocks("row", rows, table))
    assert {chunk.lead for chunk in chunks if chunk.text == long} == {""}
    assert all(count_tokens(f"{chunk.lead}\n{chunk.text}") <= 25 for chunk in chunks)


def _blocks(kind: Kind, texts: list[str], table: Table | None = None) -> Page:
    blocks, text = list[Block](), ""
    for piece in texts:
        text += "\n\n" if text else ""
        blocks.append(Block(kind, len(text), len(text) + len(piece), table=table))
        text += piece
    return Page(text, blocks=tuple(blocks))
