"""How sure it is that what would be quoted answers the question."""

import re

from assistant.quote.asked import ENGLISH_MONTH, RUSSIAN_MONTH, Asked, is_verb, joins
from assistant.quote.weigh import Weighed

# Near what a logistic regression gave for some 500 questions with and without an answer; chosen so
# that of the 150 sample questions no more than four are refused.
BASE, SEARCH, HELD = 0.32, 0.4, 0.6
UNSEEN, UNSEEN_SHARE, UNTOLD, INEXACT = -0.1, -0.3, -0.25, -0.35
ABSENT = -0.45  # a year or a month that is asked for is not there
VERB = 0.4  # the share of a verb's weight: the answer often has another one
PRESENT = 0.35
_PERIOD = re.compile(rf"(?:19|20)\d\d|(?:{RUSSIAN_MONTH})\w{{,3}}|{ENGLISH_MONTH}")
_NAME = re.compile(r"(?<=[\w,»\"] )[A-ZА-ЯЁ]\w+")


def certainty(question: str, asked: Asked, best: Weighed, confidence: float, rare: float) -> float:
    """From 0 to 1: the confidence of the search, and how much of the question is in the quote.

    Less where its subject is unseen: a word as rare as `rare`, the weight of those that no document
    holds; where the kind of value is not told; where a number or a name is not there.
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
    periods = set(filter(_PERIOD.fullmatch, missing))
    inexact = unseen & names or any(re.search(r"\d", word) for word in missing - periods)
    sure = (
        BASE
        + SEARCH * confidence
        + HELD * (share / total if total else float(best.tells))
        + UNSEEN * bool(unseen)
        + UNSEEN_SHARE * unseen_share / (total or 1.0)
        + UNTOLD * bool(asked.kinds and not best.tells)
        + INEXACT * bool(inexact)
        + ABSENT * bool(periods)
    )
    return min(1.0, max(0.0, sure))
