"""Takes off what weighs nothing in a question: greetings, apologies, requests, thanks."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.question import phrases

LONGEST = 6  # words of a phrase
_WORD = re.compile(r"\w+")
_BORDER = re.compile(r"[.,:;!?()…)]+(?=\s|$|\W)|\n|\s[-–—]+\s|—")
_OPEN, _CLOSED = "«“„", "»”"
_END = re.compile(r"[»”\"]?[?!.…)]*")
_SIGNED = re.compile(
    r"(^|[.,!?\n]\s*)(с уважением|((best|kind|warm) )*regards|(yours )?sincerely)\b[^?]{0,100}$",
    re.IGNORECASE,
)
_ASKED = phrases.GREETINGS | phrases.THANKS | phrases.REQUESTS
_FIRST = _ASKED | phrases.OPENINGS
_ANYWHERE = _FIRST | phrases.HEARD
_BESIDE = phrases.BESIDE | phrases.ADDRESSED


@dataclass
class _Clause:
    """Words between two borders, and where they stand in the sentence."""

    words: list[str]
    spans: list[tuple[int, int]]


def without_courtesy(sentence: str) -> str:
    """The part of one sentence that asks; nothing where it is only courtesy."""
    sentence = _SIGNED.sub("", sentence)
    clauses = [kept for clause in _clauses(sentence) if (kept := _without_apology(clause)).words]
    clauses = [clause for clause in clauses if not _is_courtesy(clause)]
    if not clauses:
        return ""
    clauses[0] = _without_lead(clauses[0])
    clauses[-1] = _without_tail(clauses[-1])
    return _text(sentence, [clause for clause in clauses if clause.words])


def says(text: str, wanted: frozenset[str]) -> bool:
    """Tell whether one of the phrases stands in the text."""
    words = [word for clause in _clauses(text) for word in clause.words]
    return any(_phrase_at(words, place, wanted) for place in range(len(words)))


def _clauses(sentence: str) -> Iterator[_Clause]:
    """The clauses; what stands in quotation marks is one word, which is no phrase."""
    plain = sentence.lower().replace("ё", "е")
    start, borders = 0, [(found.start(), found.end()) for found in _BORDER.finditer(plain)]
    for stop, after in [*borders, (len(plain), len(plain))]:
        clause = _Clause([], [])
        for word in _WORD.finditer(plain, start, stop):
            quoted = _count(plain, _OPEN, word.start()) > _count(plain, _CLOSED, word.start())
            clause.words.append("«" if quoted else word[0])
            clause.spans.append(word.span())
        if clause.words:
            yield clause
        start = after


def _count(text: str, marks: str, stop: int) -> int:
    return sum(text.count(mark, 0, stop) for mark in marks)


def _phrase_at(words: Sequence[str], place: int, wanted: frozenset[str]) -> int:
    """How many words the longest phrase has that begins here: "i need", but not in "do i need"."""
    if place and words[place - 1] in phrases.INVERTED and words[place] in ("i", "we"):
        return 0
    for count in range(min(LONGEST, len(words) - place), 0, -1):
        if " ".join(words[place : place + count]) in wanted:
            return count
    return 0


def _run(words: Sequence[str], strong: frozenset[str]) -> tuple[int, int]:
    """How far the words from the first on are courtesy, and how far they may be beside it."""
    place = said = 0
    while place < len(words):
        if count := _phrase_at(words, place, strong):
            said = place = place + count
        elif words[place] in _BESIDE:
            place += 1
        else:
            break
    return said, place


def _is_courtesy(clause: _Clause) -> bool:
    said, reached = _run(clause.words, _ANYWHERE)
    if reached < len(clause.words):
        return False
    return said > 0 or phrases.ADDRESSED.issuperset(clause.words)


def _without_apology(clause: _Clause) -> _Clause:
    """Without what is excused or told about the person: up to a word that asks, or the end."""
    count = _phrase_at(clause.words, 0, phrases.WHOLE)
    if not count:
        return clause
    words = clause.words
    for place in range(count, len(words)):
        if words[place] in phrases.ASKING or _run(words[place:], _FIRST)[0]:
            return _from(clause, place)
    return _from(clause, len(words))


def _without_lead(clause: _Clause) -> _Clause:
    said, reached = _run(clause.words, _FIRST)
    if not said:
        return clause
    asks = reached < len(clause.words) and clause.words[reached] in phrases.ASKING
    skipped = phrases.PLACING.isdisjoint(clause.words[said:reached])
    return _from(clause, reached if asks and skipped else said)


def _without_tail(clause: _Clause) -> _Clause:
    words = clause.words
    for place in range(len(words)):
        before = words[place - 1] if place else ""
        if _phrase_at(words, place, _ASKED) and before not in phrases.MEANT:
            _, reached = _run(words[place:], _ASKED)
            if reached == len(words) - place:
                return _Clause(words[:place], clause.spans[:place])
    return clause


def _from(clause: _Clause, place: int) -> _Clause:
    return _Clause(clause.words[place:], clause.spans[place:])


def _text(sentence: str, clauses: Sequence[_Clause]) -> str:
    """The clauses as they were written, with what stands between neighbours and at the end."""
    parts, after = [], len(sentence)
    for clause in reversed(clauses):
        start, stop = clause.spans[0][0], clause.spans[-1][1]
        start -= sentence[:start].endswith(tuple(_OPEN))
        between = sentence[stop:after]
        if _WORD.search(between):
            end = _END.match(between)
            between = f"{end[0] if end else ''} "
        parts.append(sentence[start:stop] + between)
        after = start
    return "".join(reversed(parts)).strip(" ,:;—–-\n")
