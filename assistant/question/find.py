"""What a question finds: by itself, with the one before, respelt, or in the other layout."""

from collections.abc import Iterator, Sequence
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
    from assistant.quote import Choice
    from indexer.search import Searcher

TURNS = 3  # before a question, that it may lean on
NEAR = 0.5  # of the best passage's score, which one that holds them must have
WIDER = 4  # times as many passages are looked at for one that holds words of a follow-up


@dataclass(frozen=True)
class Looked:
    """What there is to answer a question: a choice of what was found, or the answer itself.

    `searched` says what was looked for in place of what was typed.
    """

    text: str
    choice: "Choice | None" = None
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
    look = Look(searcher, top_k)
    choice = look.with_before(asked, history)
    if choice.is_sure:
        return Looked(asked.text, choice)
    closest = Looked(asked.text, choice)
    for other in look.otherwise(asked.text, contact):
        if other.choice is None or other.choice.is_sure:
            return other
        if not choice.is_near and other.choice.is_near:
            closest, choice = other, other.choice
    return closest


def small_talk(text: str, contact: str) -> Papers | None:
    """The answer to what is no question about the documents."""
    kind = talk.kind_of(text)
    return Papers(kind, talk.reply(kind, text, contact), found=False) if kind else None


class Look:
    """Searches in several ways, each with the choice of what to quote."""

    def __init__(self, searcher: "Searcher", top_k: int) -> None:
        self.searcher = searcher
        self.top_k = top_k

    def alone(self, text: str) -> "Choice":
        """What the question finds by itself."""
        from assistant.quote import choose

        return choose(text, self.searcher.search(text, self.top_k))

    def with_before(self, asked: Asked, history: Sequence[Turn]) -> "Choice":
        """The same; for what leans on the question before, together with that."""
        topic = asked.before or _topic(history)
        if history and means_a_person(asked.text):
            topic = f"{topic} {people_in(history[-1].answer)}"
        lean = leans(asked.text) if topic else 0
        together = self._together(topic, asked.text) if lean > 1 else None
        if together:
            return together
        alone = self.alone(asked.text)
        if lean == 3 and history:
            return replace(alone, certainty=0.0)
        if not alone.is_sure and (lean == 1 or asked.before):
            return self._together(topic, asked.text) or alone
        return alone

    def otherwise(self, text: str, contact: str) -> Iterator[Looked]:
        """By the clause that asks, with misspelt words put right, by the keys of other letters."""
        if clause := asking_clause(text):
            yield Looked(clause, self.alone(clause))
        if fixed := self.searcher.corrected(text):
            right = " ".join(fixed.get(word, word) for word in words(text))
            yield Looked(text, self.alone(right), searched=", ".join(fixed.values()))
        if other := other_layout(text):
            if said := small_talk(other, contact):
                yield Looked(other, told=said)
            elif (choice := self.alone(other)).is_sure:
                yield Looked(other, choice, searched=other)

    def _together(self, topic: str, text: str) -> "Choice | None":
        """Of passages for both questions those that hold most of what the second one is about."""
        from assistant.quote import choose

        both = f"{topic} {text}"
        found = self.searcher.search(both, WIDER * self.top_k)
        own = {stem(word) for word in own_words(text)}
        near = [hit for hit in found.hits if hit.score >= NEAR * found.hits[0].score]
        held = [_held(own, f"{hit.heading or ''}\n{hit.text}") for hit in near]
        most = max(held, default=0)
        hits = [hit for hit, count in zip(near, held, strict=True) if count == most]
        found = replace(found, hits=tuple(hits[: self.top_k]))
        choices = (choose(question, found) for question in (both, text))
        return next((each for each in choices if each.is_sure and _is_about(own, each)), None)


def _topic(history: Sequence[Turn]) -> str:
    """The question before, with those that it leaned on itself."""
    topic: list[str] = []
    for turn in reversed(history[-TURNS:]):
        topic.insert(0, essence(turn.question))
        if not leans(topic[0]):
            break
    return " ".join(topic)


def _is_about(own: set[str], choice: "Choice") -> bool:
    """Tell whether what would be quoted holds one of the stems, if there are any."""
    quote = choice.quote
    return not own or bool(quote and _held(own, f"{quote.heading or ''}\n{quote.text}"))


def _held(own: set[str], text: str) -> int:
    """How many of the stems a text holds, also as the beginning of a word."""
    known = {stem(word) for word in words(text)}
    return sum(any(word.startswith(each) for word in known) for each in own)
