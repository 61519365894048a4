"""Weigh the units of the passages found by what they hold of a question."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistant.quote.asked import Asked, joins
from assistant.quote.text import SIMILAR, Text
from assistant.quote.units import Outline, Unit
from indexer.passages.forms import MONTHS
from indexer.passages.units import unit_text
from indexer.store.vector_rows import digest

# What a word counts that stands not in the unit itself but in what it is read under, in its
# document, beside it, or in the name of the file.
ABOVE, DOCUMENT, BESIDE, FACTS = 0.7, 0.4, 0.35, 0.6
SAME_BLOCK = 0.5  # beside it, in the same paragraph
NAMED = 0.8  # a word that names the kind of value, where such a value stands
UNTOLD = 0.5  # where none does
TELLS = 0.12  # for a unit that holds a value of the kind asked for
LISTED = 0.1  # for one of a list, where one is asked for
EXACT = 0.3  # for one with the very number, date or code
TITLE = -0.1
LONG, USUAL_LENGTH = 0.05, 200  # for each doubling of the characters: a long unit holds more words
# What a word weighs at least, of its weight among the units: in a small index every passage has it.
AMONG_UNITS, RARE_ENOUGH = 0.4, 1.0
MEANING = 0.2  # times a unit's cosine above chance
SEARCH = 0.3  # times the passage's score, as a share of the best one's


NO_MEANINGS: Mapping[bytes, float] = {}


@dataclass(frozen=True)
class Weighed:
    """A unit with its score, and how much of each word of the question stands in or around it."""

    unit: Unit
    score: float
    held: Mapping[str, float]
    tells: bool
    meaning: float | None = None


def weigh(
    asked: Asked, outlines: Sequence[Outline], meanings: Mapping[bytes, float] = NO_MEANINGS
) -> list[Weighed]:
    """The units of all passages, best first; `meanings` are those of a search."""
    return sorted(_Scale(asked, outlines, meanings).weighed(), key=lambda each: -each.score)


class _Scale:
    def __init__(
        self, asked: Asked, outlines: Sequence[Outline], meanings: Mapping[bytes, float]
    ) -> None:
        self._asked = asked
        self._meanings = meanings
        self._terms = dict(asked.terms)
        self._outlines = outlines
        self._texts: dict[str, Text] = {}
        self._known: dict[tuple[str, ...], dict[str, float]] = {}
        self._documents: dict[str, str] = {}
        for outline in outlines:
            file = outline.hit.file
            self._documents[file] = f"{self._documents.get(file, '')}\n{outline.hit.text}"

    def weighed(self) -> Iterator[Weighed]:
        top = self._outlines[0].hit.score if self._outlines else 0.0
        every = [list(outline.units(rank)) for rank, outline in enumerate(self._outlines)]
        self._reweigh([unit for units in every for unit in units])
        for outline, units in zip(self._outlines, every, strict=True):
            behind = (top - outline.hit.score) / (abs(top) or 1.0)  # scores may be negative
            prior = SEARCH * max(0.0, 1.0 - behind)
            for place, unit in enumerate(units):
                beside = [*units[max(0, place - 1) : place], *units[place + 1 : place + 2]]
                near = [
                    (SAME_BLOCK if each.place == unit.place else BESIDE, each.own)
                    for each in beside
                ]
                yield self._weigh(unit, near, outline, prior)

    def _reweigh(self, units: Sequence[Unit]) -> None:
        for word, weight in self._terms.items():
            if weight < RARE_ENOUGH and not joins(word):
                count = sum(unit.own.holds(word) == 1.0 for unit in units)
                among = math.log(1 + len(units) / (1 + count))
                self._terms[word] = max(weight, AMONG_UNITS * among)

    def _weigh(
        self,
        unit: Unit,
        near: Sequence[tuple[float, Text]],
        outline: Outline,
        prior: float,
    ) -> Weighed:
        asked = self._asked
        columns = self._text(unit.columns)
        tells = any(columns.holds(word) >= SIMILAR for word in asked.wanted) or asked.tells(
            "\n".join((*unit.above[-1:], unit.text))
        )
        exact = bool(asked.forms) and bool(asked.forms & unit.own.forms)
        around = self._around(unit, outline)
        held = dict[str, float]()
        for word in self._terms:
            written = exact and (word[0].isdigit() or word in MONTHS)  # 5 мая is 05.05.2024, too
            best = 1.0 if written else unit.own.holds(word)
            if word in asked.by_kind:
                best = max(best, NAMED) if tells else best * UNTOLD
            if best < ABOVE:
                beside = max((factor * each.holds(word) for factor, each in near), default=0.0)
                best = max(best, around[word], beside)
            held[word] = best
        share = sum(weight * held[word] for word, weight in self._terms.items())
        score = share / (sum(self._terms.values()) or 1.0) + prior
        score += TELLS * tells + TITLE * unit.title + LISTED * (asked.whole and unit.listed)
        score += EXACT * exact
        score -= LONG * max(0.0, math.log2(len(unit.text) / USUAL_LENGTH))
        meaning = self._meaning(unit, outline)
        return Weighed(unit, score + MEANING * (meaning or 0.0), held, tells, meaning)

    def _meaning(self, unit: Unit, outline: Outline) -> float | None:
        """The unit's cosine with the question above chance, where it is known."""
        if not self._meanings:
            return None
        heading = outline.pieces[unit.place].heading
        return self._meanings.get(digest(unit_text(heading, unit.text)))

    def _around(self, unit: Unit, outline: Outline) -> Mapping[str, float]:
        """What each word counts by what the unit is read under and by its document."""
        hit = outline.hit
        key = (*unit.above, hit.file)
        if key not in self._known:
            texts = [(ABOVE, self._text(text)) for text in unit.above]
            texts.append((DOCUMENT, self._text(self._documents[hit.file])))
            texts.append((FACTS, self._text(hit.facts.partition("\n")[0])))
            self._known[key] = {
                word: max(factor * text.holds(word) for factor, text in texts)
                for word in self._terms
            }
        return self._known[key]

    def _text(self, text: str) -> Text:
        if text not in self._texts:
            self._texts[text] = Text(text)
        return self._texts[text]
