"""Tells a follow-up, which is searched with what was asked before, from a question of its own."""

import re

from assistant.question.phrases import ASKING, BESIDE, word_set
from indexer.passages.words import content_words, words

FEW = 2  # words that a follow-up has of its own
_PRONOUNS = word_set("""
он она оно они его него ее нее их ему ей ею им нем ней них ним нею ними
этот эта это эти этого этой этом этому этим этих
там туда оттуда тогда такой такая такое такие того тот та те той тем
it its they them their he she his her him this that these those one ones
""")
_PERSONAL = word_set("он она его него ее нее ему ей ею им нем ней ним нею he she his her him")
_WHO = word_set("кто кого кому кем who whom")
# Two or three words with capitals, or initials: "Лидия Матвеевна Застругина", "Ахметзянов Р. Ф.".
_CAPITAL = "[A-ZА-ЯЁ][a-zа-яё]+"
_NAME = re.compile(
    rf"\b{_CAPITAL}(?: {_CAPITAL}){{1,2}}\b|\b{_CAPITAL} (?:[А-ЯЁ]\. ?){{1,2}}"
    rf"|\b(?:[A-ZА-ЯЁ]\. ?){{1,2}}{_CAPITAL}\b"
)
_BEGINNINGS = word_set("а и но and but or also")
# Words without a subject: "сколько это стоит", "what about it", "а подробнее".
_EMPTY = word_set("""
для при если про под над или еще подробнее подробней точнее дальше стоит будет бывает есть нет
делать делают получить взять найти сделать такое другой другие другая остальные насчет относительно
the are was were for about and with from any does did for what how much many long more else cost
costs happens happen get find take make
""")


def own_words(question: str) -> list[str]:
    """The words of a question that say what it is about, by themselves."""
    return [
        word
        for word in content_words(question)
        if (len(word) > 2 or any(map(str.isdigit, word)))
        and not any(word in beside for beside in (_PRONOUNS, _EMPTY, _BEGINNINGS, BESIDE))
    ]


def leans(question: str) -> int:
    """How much a question leans on the one before.

    3: it says nothing without it; 2: it points back and says little by itself; 1: one of the two;
    0: it is a question of its own.
    """
    said = words(question)
    refers = not _PRONOUNS.isdisjoint(said)
    points = refers or not _BEGINNINGS.isdisjoint(said[:1])
    own = len(own_words(question))
    if not own or (points and own <= FEW):
        return 3 if not own or refers or ASKING.isdisjoint(said) else 2
    return 1 if points or own <= FEW else 0


def people_in(text: str) -> str:
    """The fullest name in a text, for "her" and "him" to mean."""
    return max(_NAME.findall(text), key=lambda name: name.count(" "), default="")


def asks_who(question: str) -> bool:
    """Tell whether somebody is asked for."""
    return not _WHO.isdisjoint(words(question))


def means_a_person(question: str) -> bool:
    """Tell whether the question has a pronoun that may stand for a person."""
    return not _PERSONAL.isdisjoint(words(question))
