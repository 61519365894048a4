"""Words, Snowball stems and word-bounded letter groups: the units of lexical search."""

import re
from functools import lru_cache

import Stemmer

# Changing what this module returns changes every index: raise the number with it.
VERSION = "1"

GRAM = 4
# Without the few letters of New Tai Lue and Vedic that FTS5 takes for separators.
_WORD = re.compile(r"[^\W\u19b0-\u19c9\u1cf2\u1cf3]+")
_RUSSIAN = Stemmer.Stemmer("russian")
_ENGLISH = Stemmer.Stemmer("english")
_ASKING = re.compile(
    "что|кто|кого|кому|кем|чем|чему|где|когда|куда|откуда|почему|зачем|сколько"
    "|как(ой|ая|ое|ие|ого|ую|им|их)?|чей|чья|чье|чьи|котор(ый|ая|ое|ые|ого|ых)"
    "|ли|бы|же|what|which|who|whom|whose|when|where|why|how|do|does|did"
)


def words(text: str) -> list[str]:
    """Split into lower-case words; ё is read as е, the way most people type it."""
    return _WORD.findall(text.casefold().replace("ё", "е"))


def content_words(question: str) -> list[str]:
    """The words of a question without those that only ask, unless it has no others."""
    asked = words(question)
    return [word for word in asked if not _ASKING.fullmatch(word)] or asked


@lru_cache(maxsize=1 << 17)
def stem(word: str) -> str:
    """Cut the ending off a lower-case word, by the stemmer of its alphabet."""
    stemmer = _RUSSIAN if "а" <= word[0] <= "я" else _ENGLISH
    return str(stemmer.stemWord(word))


@lru_cache(maxsize=1 << 17)
def grams(word: str) -> tuple[str, ...]:
    """Split a word into groups of four letters, with its two borders marked by "_"."""
    marked = f"_{word}_"
    return tuple(marked[i : i + GRAM] for i in range(max(1, len(marked) - GRAM + 1)))


def is_cyrillic(text: str) -> bool:
    """Tell whether most letters of the text are Cyrillic."""
    letters = [letter for letter in text[:10_000].lower() if letter.isalpha()]
    return sum("а" <= letter <= "я" or letter == "ё" for letter in letters) * 2 > len(letters)
