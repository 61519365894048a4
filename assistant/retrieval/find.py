"""What a question finds: by itself, with the one before, respelt, or in the other layout."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assistant.events import Turn
from assistant.question import talk
from assistant.question.follow import asks_who, leans, means_a_person, own_words, people_in
from assistant.question.joined import as_written
from assistant.question.layout import other_layout
from assistant.question.split import Asked, asking_clause, essence
from assistant.retrieval.papers import about_papers
from assistant.retrieval.told import Papers
from indexer.passages.words import stem, words

if TYPE_CHECKING:
    from assistant.quote import Choice
    from indexer.search.searcher import Searcher

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
    text = searcher.look(lambda store: as_written(store, asked.text))
    choice = look.with_before(replace(asked, text=text), history)
    if choice.is_sure:
        return Looked(asked.text, choice)
    closest = Looked(asked.text, choice)
    for other in look.otherwise(text, contact):
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
        people = people_in(history[-1].answer) if history and means_a_person(asked.text) else ""
        lean = leans(asked.text) if topic else 0
        whole, meant = f"{topic} {people}".strip(), people if asks_who(topic) else ""
        for each in filter(None, (meant, whole) if lean > 1 else ()):
            if together := self._together(each, asked.text, meant):
                return together
        alone = self.alone(asked.text)
        if lean == 3 and history:
            return replace(alone, certainty=0.0)
        if not alone.is_sure and (lean == 1 or asked.before):
            return self._together(whole, asked.text, meant) or alone
        return alone

    def otherwise(self, text: str, contact: str) -> Iterator[Looked]:
        """By the clause that asks, with misspelt words put right, by the keys of other letters."""
        if clause := asking_clause(text):
            yield Looked(clause, self.alone(clause))
        about = own_words(text)
        guesses = self.searcher.corrected(text).items()
        if fixed := {word: guess for word, guess in guesses if word in about}:
            right = " ".join(fixed.get(word, word) for word in words(text))
            choice, told = self.alone(right), list(fixed.values())
            if _goes_together(told, right, choice):
                yield Looked(text, choice, searched=", ".join(told))
        if other := other_layout(text):
            if said := small_talk(other, contact):
                yield Looked(other, told=said)
            elif (choice := self.alone(other)).is_sure:
                yield Looked(other, choice, searched=other)

    def _together(self, topic: str, text: str, meant: str) -> "Choice | None":
        """Of passages for both questions those that hold most of what the second one is about.

        What is quoted names the person who is meant.
        """
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
        name = set(map(stem, words(meant)))
        for each in choices:
            if each.is_sure and _is_about(own, each) and _is_about(name, each):
                return each
        return None


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
    return not own or bool(_held(own, _quoted(choice)))


def _goes_together(guessed: Sequence[str], question: str, choice: "Choice") -> bool:
    """Tell whether guessed words stand with half of the others, which speaks for the guess.

    A word that no document holds need not be misspelt: director is no detector.
    """
    guesses = set(map(stem, guessed))
    others = set(map(stem, own_words(question))) - guesses
    text = _quoted(choice) + (choice.quote.hit.facts if choice.quote else "")
    held = [_held(own, text) for own in (guesses, others)]
    return held[0] == len(guesses) and 2 * held[1] >= len(others)


def _quoted(choice: "Choice") -> str:
    quote = choice.quote
    return f"{quote.heading or ''}\n{quote.text}" if quote else ""


def _held(own: set[str], text: str) -> int:
    """How many of the stems a text holds, also as the beginning of a word."""
    known = {stem(word) for word in words(text)}
    return sum(any(word.startswith(each) for word in known) for each in own)
