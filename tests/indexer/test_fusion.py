"""Words and meaning in one ranking."""

import pytest

from indexer.search.fusion import fuse

LEXICAL, COSINES = {1: 0.2, 2: 0.1}, {1: 0.1, 3: 0.6}


@pytest.mark.parametrize(
    ("confidence", "weight", "best"),
    [
        (1.0, 0.05, 1),
        (0.1, 0.05, 3),  # no passage has the words: whatever the weight, meaning decides
        (0.1, 1.0, 3),
        (0.1, 0.0, 1),  # words alone are wanted
    ],
)
def test_meaning_decides_where_words_are_not_known(
    confidence: float, weight: float, best: int
) -> None:
    scores = fuse(LEXICAL, confidence, COSINES, weight)
    assert max(scores, key=lambda key: scores[key]) == best
    assert all(0 <= score <= 1 for score in scores.values())
