"""Quotations: the right sentences, word for word."""

import re
from pathlib import Path

import pytest

from assistant.extract import best_quotes
from indexer.search import Found, Hit
from indexer.words import content_words, stem

ROOT = Path(__file__).resolve().parent.parent.parent


def _found(question: str, *texts: str) -> Found:
    hits = tuple(
        Hit(f"{number}.txt", None, None, text, 1 - number / 10) for number, text in enumerate(texts)
    )
    terms = {stem(word): 1.0 for word in content_words(question)}
    return Found(hits, 1.0, 0.5, terms)


PASSAGE = (
    "Судно построено в 1989 году. Оно берёт на борт 24 учёных. Капитаном служит А. В. Баклан."
    " Лебёдка держит до 4 200 метров троса, т. е. больше, чем нужно."
)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Кто служит капитаном?", "Капитаном служит А. В. Баклан."),
        ("Сколько учёных берёт судно на борт?", "24 учёных"),
        ("Сколько метров троса держит лебёдка?", "4 200 метров троса, т. е. больше, чем нужно."),
    ],
)
def test_the_sentence_that_answers_is_quoted(question: str, answer: str) -> None:
    assert answer in best_quotes(question, _found(question, PASSAGE))[0].text


def test_every_part_of_a_quotation_stands_in_the_document() -> None:
    question = "Сколько учёных берёт судно и в каком году построено?"
    for quote in best_quotes(question, _found(question, PASSAGE, "Судно стоит у причала.")):
        for part in quote.text.split(" … "):
            assert part in quote.hit.text


def test_a_heading_is_not_an_answer() -> None:
    question = "What is the limit for work on deck?"
    text = "4. Working on deck\nThe limit for wind is 14 metres per second."
    quote = best_quotes(question, _found(question, text))[0]
    assert quote.text == "The limit for wind is 14 metres per second."


def test_a_table_row_is_quoted_by_itself() -> None:
    question = "Какой номер у столовой?"
    text = "Архив | 310\nСтоловая | 150\nБиблиотека | 341"
    assert best_quotes(question, _found(question, text))[0].text.startswith("Столовая | 150")


def test_lines_broken_by_the_paper_are_joined() -> None:
    question = "When is the reading room open?"
    text = "The reading room is open on\nweekdays until six. Maps stay inside."
    quote = best_quotes(question, _found(question, text))[0]
    assert re.search(r"open on weekdays until six\.", quote.text)


def test_the_sample_questions_are_mostly_answered_by_what_is_quoted(sample_index: Path) -> None:
    import json

    from indexer.embedders import HashedStems
    from indexer.search import Searcher

    searcher = Searcher(sample_index, lambda name: HashedStems())
    lines = (ROOT / "bench/questions/sample.jsonl").read_text("utf-8").splitlines()
    answered = 0
    for row in map(json.loads, lines):
        quotes = best_quotes(row["question"], searcher.search(row["question"]))
        answered += " ".join(row["answer"].split()) in " ".join(quote.text for quote in quotes)
    assert answered >= 0.75 * len(lines)
