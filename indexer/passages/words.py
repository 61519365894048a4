"""Words, Snowball stems and word-bounded letter groups: the units of lexical search."""

import re
from functools import lru_cache

import Stemmer

from indexer.readers.letters.doubles import CYRILLIC, LATIN

# Changing what this module returns changes every index: raise the number with it.
VERSION = "4"

GRAM = 4
_WORD = re.compile(r"\w+")
_RUSSIAN = Stemmer.Stemmer("russian")
_ENGLISH = Stemmer.Stemmer("english")
_MIXED = re.compile("[A-Za-z][А-Яа-яЁё]|[А-Яа-яЁё][A-Za-z]")
_LOOK_ALIKES = str.maketrans(LATIN + LATIN.lower(), CYRILLIC + CYRILLIC.lower())
# A vowel that comes and goes with the ending: рынок, рынка; продавец, продавца; справок, справка.
_FLEETING = re.compile("(?<=[а-я]{2})([б-джзк-нп-тф-щ])[ое]([кц])$")
# Snowball takes some forms of a noun for verbs: журнал is журна, журнале журнал. All are cut so.
_AS_VERB = re.compile("^([^аеиоуыэюя]*[аеиоуыэюя].*[ая])[лн]$")
# Forms that Snowball takes for different words, by their common stem.
_IRREGULAR = {
    form: name
    for name, forms in {
        "имен": "имя",
        "времен": "время",
        "ден": "день дня дню днем дне дни дней дням днями днях",
        "деньг": "денег",
        "окн": "окон",
        "письм": "писем",
        "числ": "чисел",
        "ребен": "ребенок ребенка ребенку ребенком ребенке дети детей детям детьми детях",
    }.items()
    for form in forms.split()
}
_ASKING = re.compile(
    "что|кто|кого|кому|кем|чем|чему|где|когда|куда|откуда|почему|зачем|сколько|скок[оа]?|почем"
    "|перечисли(те|ть)?"
    "|как(ой|ая|ое|ие|ого|ому|ом|ую|им|их|ими)?|чей|чья|чье|чьи|чь(его|ему|ем|ей|ю|им|их)"
    "|котор(ый|ая|ое|ые|ого|ому|ом|ую|ой|ым|ых)"
    "|ли|бы|же|я|мне|меня|мы|нам|нас|вы|вам|вас|хочу|могу|можно|нужно|надо"
    "|what|which|who|whom|whose|when|where|why|how|do|does|did"
)


def words(text: str) -> list[str]:
    """Split into lower-case words; ё is read as е, the way most people type it.

    In a word of both alphabets the letters that look alike are those of its Cyrillic ones.
    """
    return _WORD.findall(unmixed(text.casefold().replace("ё", "е")))


def unmixed(text: str) -> str:
    """The text, where a word has letters of both alphabets, with Cyrillic for its look-alikes."""
    if not _MIXED.search(text):
        return text
    return _WORD.sub(_unmixed, text)


def _unmixed(word: re.Match[str]) -> str:
    return word[0].translate(_LOOK_ALIKES) if _MIXED.search(word[0]) else word[0]


def content_words(question: str) -> list[str]:
    """The words of a question without those that only ask, unless it has no others."""
    asked = words(question)
    return [word for word in asked if not _ASKING.fullmatch(word)] or asked


@lru_cache(maxsize=1 << 17)
def stem(word: str) -> str:
    """Cut the ending off a lower-case word, by the stemmer of its alphabet."""
    if not "а" <= word[0] <= "я":
        return str(_ENGLISH.stemWord(word))
    cut = _AS_VERB.sub(r"\1", str(_RUSSIAN.stemWord(word)))
    return _IRREGULAR.get(word) or _FLEETING.sub(r"\1\2", cut)


@lru_cache(maxsize=1 << 17)
def grams(word: str) -> tuple[str, ...]:
    """Split a word into groups of four letters, with its two borders marked by "_"."""
    marked = f"_{word}_"
    return tuple(marked[i : i + GRAM] for i in range(max(1, len(marked) - GRAM + 1)))


def is_cyrillic(text: str) -> bool:
    """Tell whether most letters of the text are Cyrillic."""
    cyrillic, every = letters_of(text)
    return cyrillic * 2 > every


def letters_of(text: str) -> tuple[int, int]:
    """How many letters at the beginning of a text are Cyrillic, and how many there are."""
    letters = [letter for letter in text[:10_000].lower() if letter.isalpha()]
    return sum("а" <= letter <= "я" or letter == "ё" for letter in letters), len(letters)
