"""The rules of the published notebook, kept for comparison, and what they do wrong, counted."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from core.text import counted
from indexer.passages.words import words
from training.greetings import without_greeting
from training.rows import Row
from training.rules import Options, Rule, answer_length, description_length
from training.split import Seen
from training.word_list import OWN, WordList, lemma_of, read_entries

JOINED = ("9 лет", "10 лет")  # a comma was missing between them
FIRST_CLAUSE = re.compile(r"[^.,!?;:]*[.,!?;:]\s*")
TOP = 5


class Faults:
    """Counts what whole words, a seed and a split by question would have done otherwise."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.bad, self.controversial = WordList(options.bad_words), WordList(options.controversial)
        self.names = frozenset(read_entries(OWN / "names.txt"))
        self._inside: Counter[str] = Counter()
        self._parts = self._cut = self._greeted = self._ages = self._again = 0
        self._seen = Seen()

    def found(self, part: str, text: str, entries: WordList) -> None:
        """Note a part that threw a text out, if the text has no such word."""
        if entries.find(words(text)) is None:
            self._parts += 1
            tokens = [token for token in words(text) if part in token]
            self._inside.update({lemma_of(token) for token in tokens})

    def cut(self) -> None:
        """Note an answer whose first clause was cut off."""
        self._cut += 1

    def look(self, row: Row, kept: Row | None) -> None:
        """Note what is wrong with a row that was kept."""
        if kept:
            self._greeted += without_greeting(kept.answer) != kept.answer
            tokens = " ".join(words(f"{row.question} {row.description} {row.answer}"))
            self._ages += any(f" {age} " in f" {tokens} " for age in JOINED)
            self._again += not self._seen.add(row.question, row.answer)

    def sentences(self, both: int) -> list[str]:
        """What is wrong, in words."""
        often = sorted(self._inside.items(), key=lambda item: (-item[1], item[0]))[:TOP]
        inside = ", ".join(f"{word} ({count})" for word, count in often) or "none here"
        return [
            f"{counted(self._parts, 'row was', 'rows were')} removed only because a listed word is"
            f" a part of another word: {inside}",
            f"{counted(self._cut, 'answer')} lost the first clause because a common word in it"
            " (ли, май, мир, вера) is a name too",
            f"{counted(self._greeted, 'answer was', 'answers were')} kept with a greeting: the"
            " names are listed in lower case and compared with case",
            f"{counted(self._ages, 'row')} about {JOINED[0]} or {JOINED[1]} stayed: a"
            f" missing comma joined the two entries to {''.join(JOINED)!r}",
            f"{counted(self._again, 'repeated row was', 'repeated rows were')} kept",
            f"{counted(both, 'question is', 'questions are')} both in train and eval: the split is"
            " by row, without a seed, and another one at each run",
        ]


def table(faults: Faults) -> list[Rule]:
    """The published rules in their order."""
    options = faults.options
    bad, controversial = faults.bad, faults.controversial
    return [
        Rule("answer length", answer_length(options.min_answer, options.max_answer)),
        Rule("description length", description_length(options.min_description)),
        Rule("bad words, in answers", _substring("answer", bad, faults)),
        Rule("controversial words, in answers", _substring("answer", controversial, faults)),
        Rule(
            "controversial words, in descriptions", _substring("description", controversial, faults)
        ),
        Rule("first clause, when a name is in the answer", _first_clause(faults)),
    ]


def parts_of(entries: WordList) -> list[str]:
    """The entries as they were compared, with two of them joined."""
    parts = [entry.removeprefix("=") for entry in entries.entries]
    if all(age in parts for age in JOINED):
        parts[parts.index(JOINED[0])] = "".join(JOINED)
        parts.remove(JOINED[1])
    return parts


def _substring(column: str, entries: WordList, faults: Faults) -> Callable[[Row], Row | str]:
    parts = parts_of(entries)

    def apply(row: Row) -> Row | str:
        text = getattr(row, column).lower()
        part = next((part for part in parts if part in text), None)
        if part is None:
            return row
        faults.found(part, text, entries)
        return part

    return apply


def _first_clause(faults: Faults) -> Callable[[Row], Row | str]:
    def apply(row: Row) -> Row | str:
        if faults.names.isdisjoint(re.findall(r"\w+", row.answer)):
            return row
        answer = FIRST_CLAUSE.sub("", row.answer, count=1)
        if answer == row.answer:
            return row
        faults.cut()
        return replace(row, answer=answer)

    return apply
