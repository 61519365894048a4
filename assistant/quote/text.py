"""A text as the words of a question are looked for in it."""

import re
from functools import cached_property, lru_cache

from indexer.passages.forms import exact_forms
from indexer.passages.words import grams, stem, words

# Words that share this many of their letter groups are taken for forms of one.
SIMILAR = 0.5
# What fewer shared groups count: enough to part what is else equal (потерял, утеря).
FAINT = 0.3
SHORT = 3  # letters; what has fewer is held whole or not at all
NUMBERED = 0.8  # an ordinal where its number stands: третий, 3
_ORDINALS = (
    "перв", "втор", "трет", "четверт", "пят", "шест", "седьм", "восьм", "девят", "десят",
)  # fmt: skip
_ORDINAL = re.compile(
    rf"({'|'.join(_ORDINALS)})ь?(ый|ой|ий|ая|ья|ое|ье|я|его|ого|ему|ому|ем|ом|ым|им|ую|ю|ых|их)"
)
_ENGLISH_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_DIGIT = re.compile(r"\d")
_RANGE = re.compile(r"(\d+(?:[.,]\d+)?)\s?(?:[-–—]|\.{2,3}|до|to)\s?(\d+(?:[.,]\d+)?)")


class Text:
    """The words, exact forms and ranges of numbers that a text holds."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._words = words(text)
        self._stems = set(map(stem, self._words))
        self._line = f"_{'_'.join(self._words)}_"  # bordered as grams are
        self._held = dict[str, float]()

    def holds(self, word: str) -> float:
        """1 for the same stem, less for a similar word, such as a compound or a misspelling.

        A number is held by the range that it lies in: 100 by "65-200".
        """
        if word not in self._held:
            self._held[word] = self._holds(word)
        return self._held[word]

    @cached_property
    def forms(self) -> frozenset[str]:
        """Its numbers, dates and codes in their normal forms."""
        return frozenset(exact_forms(self._text))

    def _holds(self, word: str) -> float:
        if stem(word) in self._stems:
            return 1.0
        if _DIGIT.search(word):  # E17 is not E23
            return float(word in self.forms or (word.isdigit() and self._spans(float(word))))
        if len(word) < SHORT:
            return 0.0
        if (number := _ordinal(word)) and (number in self._stems or self._spans(float(number))):
            return NUMBERED
        groups = grams(word)
        share = sum(group in self._line for group in groups) / len(groups)
        if share >= SIMILAR:
            return share
        if self._begins_like(word) or self._is_clipped(word):
            return SIMILAR
        return FAINT * share

    def _spans(self, number: float) -> bool:
        return any(
            _number(low) < number < _number(high) for low, high in _RANGE.findall(self._text)
        )

    def _begins_like(self, word: str) -> bool:
        """Tell whether a word shares its first half, five letters or more: перенести, перенос."""
        start = word[: max(5, (len(word) + 1) // 2)]
        found = f"_{start}" in self._line and len(word) > len(start)
        return found and re.search(rf"_{start}[^_]{{0,6}}_", self._line) is not None

    def _is_clipped(self, word: str) -> bool:
        """Tell whether a word is made of the beginnings of two: главбух, главный бухгалтер."""
        return len(word) >= 6 and any(
            re.search(rf"_{word[:cut]}[^_]*_{word[cut:]}", self._line)
            for cut in range(3, len(word) - 2)
            if f"_{word[:cut]}" in self._line and f"_{word[cut:]}" in self._line
        )


@lru_cache(maxsize=1 << 10)
def _ordinal(word: str) -> str:
    """The number that an ordinal names, or nothing."""
    found = _ORDINAL.fullmatch(word)
    if found:
        return str(_ORDINALS.index(found[1]) + 1)
    return str(_ENGLISH_ORDINALS.index(word) + 1) if word in _ENGLISH_ORDINALS else ""


def _number(text: str) -> float:
    return float(text.replace(",", "."))
