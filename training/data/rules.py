"""The rules that a row must stand: each gives the row back, changed or not, or why it goes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from indexer.passages.words import words
from training.data.greetings import without_greeting
from training.data.markup import clean, is_links_only
from training.data.rows import COLUMNS, Row
from training.data.split import Seen
from training.data.word_list import OWN, WordList

BAD_WORDS, CONTROVERSIAL = OWN / "bad_words.txt", OWN / "controversial.txt"


@dataclass(frozen=True)
class Options:
    """What is asked of the rows; lengths in characters, `limit` in kept rows (0: all)."""

    min_answer: int = 400
    max_answer: int = 1600
    min_description: int = 101
    bad_words: Path = BAD_WORDS
    controversial: Path = CONTROVERSIAL
    eval_share: float = 0.1
    seed: int = 0
    limit: int = 0


@dataclass(frozen=True)
class Rule:
    """A named rule; `apply` returns the row it keeps, or the reason in words."""

    name: str
    apply: Callable[[Row], Row | str]


def table(options: Options) -> list[Rule]:
    """The rules in their order: what changes a text comes before what measures it."""
    bad, controversial = WordList(options.bad_words), WordList(options.controversial)
    return [
        Rule("blank or no text", blank),
        Rule("markup, control characters", markup),
        Rule("greeting", greeting),
        Rule("links only", links_only),
        Rule("answer length", answer_length(options.min_answer, options.max_answer)),
        Rule("description length", description_length(options.min_description)),
        Rule("bad words", listed(bad)),
        Rule("controversial words", listed(controversial)),
        Rule("duplicate", duplicate()),
    ]


def blank(row: Row) -> Row | str:
    """A row has a question and an answer."""
    empty = [column for column in ("question", "answer") if not getattr(row, column)]
    return f"no {empty[0]}" if empty else row


def markup(row: Row) -> Row | str:
    """No cell has tags or control characters; the row goes when nothing else was in a cell."""
    new = Row(*(clean(getattr(row, column)) for column in COLUMNS))
    return row if new == row else blank(new)


def greeting(row: Row) -> Row | str:
    """No answer begins with a greeting."""
    answer = without_greeting(row.answer)
    if answer == row.answer:
        return row
    return replace(row, answer=answer) if answer else "nothing but a greeting"


def links_only(row: Row) -> Row | str:
    """An answer is more than links."""
    return "links only" if is_links_only(row.answer) else row


def answer_length(least: int, most: int) -> Callable[[Row], Row | str]:
    """An answer has so many characters."""

    def apply(row: Row) -> Row | str:
        size = len(row.answer)
        return f"under {least}" if size < least else f"over {most}" if size > most else row

    return apply


def description_length(least: int) -> Callable[[Row], Row | str]:
    """A description has so many characters."""
    return lambda row: row if len(row.description) >= least else f"under {least}"


@lru_cache(maxsize=8)
def tokens(text: str) -> list[str]:
    """The words of a text, once for all lists."""
    return words(text)


def listed(entries: WordList) -> Callable[[Row], Row | str]:
    """No cell has a word of the list."""

    def apply(row: Row) -> Row | str:
        for text in (row.answer, row.question, row.description):
            if found := entries.find(tokens(text)):
                return found
        return row

    return apply


def duplicate() -> Callable[[Row], Row | str]:
    """The same question with the same answer comes once."""
    seen = Seen()
    return lambda row: row if seen.add(row.question, row.answer) else "seen before"
