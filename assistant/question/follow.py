"""Tells a follow-up, which is searched with what was asked before, from a question of its own."""

from assistant.question.phrases import BESIDE, word_set
from indexer.words import content_words, words

FEW = 2  # words that a follow-up has of its own
_PRONOUNS = word_set("""
он она оно они его ее их ему ей им нем ней них ним нею ними этот эта это эти этого этой этом этому
этим этих там туда оттуда тогда такой такая такое такие того тот та те той тем
it its they them their he she his her him this that these those one ones
""")
_BEGINNINGS = word_set("а и но and but or also")
# Words without a subject: "сколько это стоит", "what about it", "а подробнее".
_EMPTY = word_set("""
для при если про под над или еще подробнее подробней точнее дальше стоит будет бывает есть нет
делать делают такое другой другие другая остальные насчет относительно
the are was were for about and with from any does did for what how much many long more else cost
costs happens happen
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

    2: it says little by itself and points back; 1: one of the two; 0: it is a question of its own.
    """
    said = words(question)
    points = bool(said) and (said[0] in _BEGINNINGS or not _PRONOUNS.isdisjoint(said))
    own = len(own_words(question))
    if not own or (points and own <= FEW):
        return 2
    return 1 if points or own <= FEW else 0
