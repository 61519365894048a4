"""What a question finds: by itself, with the one before, respelt, or in the other layout."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assistant.events import Turn
from assistant.question import talk
from assistant.question.follow import leans, means_a_person, own_words, people_in
from assistant.question.layout import other_layout
from assistant.question.papers import Papers, about_papers
from assistant.question.split import Asked, asking_clause, essence
from indexer.words import stem, words

if TYPE_CHECKING:
    from indexer.search import Found, Hit, Searcher

TURNS = 3  # before a question, that it may lean on
NEAR = 0.5  # of the best passage's score, which one that holds them must have
WIDER = 4  # times as many passages are looked at for one that holds words of a follow-up


@dataclass(frozen=True)
class Looked:
    """What there is to answer a question: passages, or the answer itself where that is no search.

    `searched` says what was looked for in place of what was typed.
    """

    text: str
    found: "Found | None" = None
    told: Papers | None = None
    searched: str = ""


def look_up(
    asked: Asked, history: Sequence[Turn], searcher: "Searcher", top_k: int, contact: str = ""
) -> Looked:
    """Find what answers one question of a message."""
    if said := small_talk(asked.text, contact):
        return Looked(asked.text, told=said)
    if told := searcher.look(lambda store: about_papers(store, asked.text)):
        return Looked(asked.text, told=told)
    found = _search(asked, history, searcher, top_k)
    if found.confident:
        return Looked(asked.text, found)
    return _respelt(asked.text, searcher, top_k, contact) or Looked(asked.text, found)


def small_talk(text: str, contact: str) -> Papers | None:
    """The answer to what is no question about the documents."""
    kind = talk.kind_of(text)
    return Papers(kind, talk.reply(kind, text, contact), found=False) if kind else None


def _search(asked: Asked, history: Sequence[Turn], searcher: "Searcher", top_k: int) -> "Found":
    """Search for a question; for what leans on the one before, together with that."""
    topic = asked.before or _topic(history)
    if history and means_a_person(asked.text):
        topic = f"{topic} {people_in(history[-1].answer)}"
    lean = leans(asked.text) if topic else 0
    together = _together(topic, asked.text, searcher, top_k) if lean > 1 else None
    if together:
        return together
    alone = searcher.search(asked.text, top_k)
    if lean == 3 and history:
        return replace(alone, confidence=0.0)
    if alone.confident:
        return alone
    if lean == 1 or asked.before:
        return _together(topic, asked.text, searcher, top_k) or alone
    return alone


def _topic(history: Sequence[Turn]) -> str:
    """The question before, with those that it leaned on itself."""
    topic: list[str] = []
    for turn in reversed(history[-TURNS:]):
        topic.insert(0, essence(turn.question))
        if not leans(topic[0]):
            break
    return " ".join(topic)


def _together(topic: str, text: str, searcher: "Searcher", top_k: int) -> "Found | None":
    """Passages for both questions, those that hold most of what the second one is about."""
    both = f"{topic} {text}"
    found = searcher.search(both, WIDER * top_k)
    own = {stem(word) for word in own_words(text)}
    near = [hit for hit in found.hits if hit.score >= NEAR * found.hits[0].score]
    held = [_held(own, hit) for hit in near]
    most = max(held, default=0)
    if not found.confident or (own and not most):
        return None
    hits = [hit for hit, count in zip(near, held, strict=True) if count == most]
    return replace(found, hits=tuple(hits[:top_k]), searched=both)


def _held(own: set[str], hit: "Hit") -> int:
    """How many of the stems a passage holds, also as the beginning of a word."""
    known = {stem(word) for word in words(f"{hit.heading or ''}\n{hit.text}")}
    return sum(any(word.startswith(each) for word in known) for each in own)


def _respelt(text: str, searcher: "Searcher", top_k: int, contact: str) -> Looked | None:
    """What is found by the clause that asks, with misspelt words put right, by other keys."""
    if clause := asking_clause(text):
        found = searcher.search(clause, top_k)
        if found.confident:
            return Looked(clause, found)
    if fixed := searcher.corrected(text):
        right = " ".join(fixed.get(word, word) for word in words(text))
        found = searcher.search(right, top_k)
        if found.confident:
            return Looked(text, replace(found, searched=right), None, ", ".join(fixed.values()))
    other = other_layout(text)
    if not other:
        return None
    if said := small_talk(other, contact):
        return Looked(other, told=said)
    found = searcher.search(other, top_k)
    return Looked(other, found, None, other) if found.confident else None
