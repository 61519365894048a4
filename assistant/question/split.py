"""The questions of a message, each without what is written around it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.question import phrases
from assistant.question.courtesy import says, without_courtesy
from core.text import shortened
from indexer.passages.words import content_words, words

MOST = 5  # questions of one message that are answered
BEGINNING = 3  # words of a sentence, one of which asks
LONGEST = 300  # characters of one of them
_NUMBERED = re.compile(r"(?:^|(?<=\s))(\d)\)\s*(?=[^\W\d])")
_SEVERAL = re.compile(r"[.?!…][»”\"')\]]*\s+\S|\n")
_REQUESTS = phrases.REQUESTS | phrases.OPENINGS
# A name such as "St." ends no sentence.
_ABBREVIATED = re.compile(r"(?:^|\s)[A-ZА-ЯЁ]\w{0,2}\.$")
_ITEM = re.compile(r"^\d{1,2}[.)]\s+(?=\D)")
_CLAUSE = re.compile(r"(?:[,:;)]|\s[-–—])\s+(?:(?:но|а|и|but|and|so)\s+)?")
_NEXT = re.compile(r"(?<=\?)\s+(?=[^\W\d])")
_ENDS = re.compile(r"\?[!?.…)\s]*$")


@dataclass(frozen=True)
class Asked:
    """A question, and what the message says before it."""

    text: str
    before: str = ""


@dataclass(frozen=True)
class _Sentence:
    text: str
    asks: int  # 2 with a question mark, 1 with a word that asks, 0 for a statement


def questions_of(message: str) -> list[Asked]:
    """The questions of a cleaned message, in their order; none where it is only courtesy.

    A message that asks nothing is a question as a whole, as "телефон бухгалтерии" is; so is each
    item of "1) … 2) …", unless what stands before them is what asks.
    """
    lead, *items = _numbered(message)
    said = map(_sentence, _sentences(lead))
    if len(items) > 1 and not any(each.text and each.asks for each in said):
        return [asked for item in items for asked in questions_of(item)][:MOST]
    sentences = [each for each in map(_sentence, _sentences(message)) if each.text]
    asks = max((each.asks for each in sentences), default=0)
    if not asks:
        text = " ".join(each.text for each in sentences)
        return [Asked(shortened(text, LONGEST))] if text else []
    found, before = list[Asked](), list[str]()
    for each in sentences:
        if each.asks == asks:
            asked = Asked(_shortened(each.text), _shortened(" ".join(before)))
            found += [asked] * (asked not in found)
            before.clear()
        else:
            before.append(each.text)
    return found[:MOST]


def essence(message: str) -> str:
    """What a search for the whole message looks for."""
    return " ".join(each.text for each in questions_of(message)) or message


def asking_clause(question: str) -> str:
    """What a question asks in the end: "…, but who is the captain?" has any words before that."""
    for border in _CLAUSE.finditer(question):
        rest = question[border.end() :]
        asks = phrases.ASKING.intersection(words(rest)[:1])
        if asks and len(content_words(rest)) > 1:
            return rest
    return ""


def _sentence(text: str) -> _Sentence:
    kept = without_courtesy(text)
    if _ENDS.search(text):
        return _Sentence(kept, 2)
    asks = phrases.ASKING.intersection(words(kept)[:BEGINNING])
    return _Sentence(kept, 1 if asks or says(text, _REQUESTS) else 0)


def _numbered(message: str) -> list[str]:
    """What stands before "1) … 2) …", and the items, wherever on a line they begin."""
    lead, *rest = _NUMBERED.split(message)
    numbers, items = rest[::2], rest[1::2]
    if numbers != [str(number) for number in range(1, len(numbers) + 1)]:
        return [message]
    return [lead, *items]


def _sentences(message: str) -> list[str]:
    if not _SEVERAL.search(message):
        return [message]
    from razdel import sentenize

    found = list[str]()
    for line in message.split("\n"):
        for sentence in sentenize(_ITEM.sub("", line)):
            if found and _is_open(found[-1]):
                found[-1] += " " + sentence.text
            else:
                found += _in_small_letters(sentence.text)
    return found


def _in_small_letters(text: str) -> Iterator[str]:
    """The questions of "где поесть? где курить?", which are taken for one sentence."""
    start = 0
    for border in _NEXT.finditer(text):
        asks = not phrases.ASKING.isdisjoint(words(text[border.end() :])[:2])
        if asks and not _is_open(text[start : border.start()]):
            yield text[start : border.start()]
            start = border.end()
    yield text[start:]


def _is_open(text: str) -> bool:
    in_quotes = sum(map(text.count, "«“")) > sum(map(text.count, "»”"))
    return in_quotes or bool(_ABBREVIATED.search(text))


def _shortened(text: str) -> str:
    """The last words of what is too long to be one question."""
    return text if len(text) <= LONGEST else text[-LONGEST:].partition(" ")[2]
