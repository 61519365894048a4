"""The promises of the README about quality, on the project's own corpus and questions."""

from pathlib import Path

import pytest

from assistant.evaluate import Scores, run, score
from assistant.evaluate.questions import Question, read_questions
from indexer.embedders import HashedStems
from indexer.search.searcher import Searcher

QUESTIONS = Path(__file__).resolve().parent.parent.parent / "bench" / "questions"


@pytest.fixture(scope="module")
def scores(sample_index: Path) -> Scores:
    searcher = Searcher(sample_index, lambda name: HashedStems())
    questions: list[Question] = []
    for name in ("sample.jsonl", "unanswerable.jsonl"):
        questions += read_questions(QUESTIONS / name)
    return score(run(questions, searcher, lambda done: None), searcher.threshold())


def test_nine_of_ten_answers_come_from_the_right_file(scores: Scores) -> None:
    assert scores.hit_at_1 is not None
    assert scores.hit_at_1 >= 0.9


def test_three_in_a_hundred_answerable_questions_are_refused_at_most(scores: Scores) -> None:
    assert scores.refused_answerable is not None
    assert scores.refused_answerable <= 0.03


def test_three_of_four_questions_about_other_things_find_nothing(scores: Scores) -> None:
    assert scores.unanswerable == 100
    assert scores.refused_unanswerable is not None
    assert scores.refused_unanswerable >= 0.75
