"""Citations of a model's answer, made by code from the passages that it was sent."""

import re
from collections.abc import Iterable, Sequence

from assistant.events import Citation
from assistant.prompt import NOT_FOUND_ENGLISH, NOT_FOUND_RUSSIAN
from assistant.quote import closest
from indexer.passages.sentences import sentences
from indexer.passages.words import content_words, stem, words
from indexer.search.searcher import Hit

# A passage is cited when it holds this share of the words that the best one shares with the answer.
CITED = 0.5
# A sentence of so many words is looked at; it is supported when so much of it is in the passages.
LONG, SUPPORTED = 4, 0.5
_MARK = re.compile(r"\s*\[\d{1,2}(?:\s*[,;–-]\s*\d{1,2})*\]")
_AFTER_END = re.compile(rf"([.!?…]+)((?:{_MARK.pattern})+)")
_SOURCES = r"(?:отрывк|документ|источник|информаци|контекст|текст)\w*"
_TEXTS = r"(?:passages?|documents?|sources?|context|information|text)"
_REFUSAL = re.compile(
    r"\b(?:ответа|информации|сведений|данных)\b.{0,40}\bнет\b"
    r"|\bнет\b.{0,40}\b(?:ответа|информации|сведений)\b"
    rf"|{_SOURCES}.{{0,40}}\bне (?:содерж|упомина|указан|найден|нашл|сказано)"
    rf"|\bне (?:содерж|упомина|указан|найден|нашл|сказано).{{0,40}}{_SOURCES}"
    r"|\b(?:я )?не (?:знаю|наш[её]л|нашла|могу ответить)\b"
    rf"|{_TEXTS}\b.{{0,40}}\b(?:do|does|did) not (?:hold|contain|mention|provide|include)\b"
    rf"|\bnot (?:mentioned|stated|given|found) in\b.{{0,40}}{_TEXTS}"
    r"|\b(?:do not|don't) know\b|\b(?:no|not enough) (?:information|answer)\b|\bcannot answer\b",
    re.IGNORECASE,
)
_LONGEST_REFUSAL = 200  # characters


def is_refusal(answer: str) -> bool:
    """Tell whether a model says that it has found nothing: in a sentence or two, citing none."""
    if _MARK.sub("", answer).strip(' «»"') in (NOT_FOUND_RUSSIAN, NOT_FOUND_ENGLISH):
        return True
    short = len(answer) <= _LONGEST_REFUSAL
    return short and not _MARK.search(answer) and bool(_REFUSAL.search(answer))


def citations(answer: str, hits: Sequence[Hit]) -> list[Citation]:
    """The passages that the answer names by number; else those that share words with it.

    These best first, each with its closest sentences; the first that was found where none shares a
    word, as when the answer is in another language.
    """
    said = dict.fromkeys(_telling(_MARK.sub("", answer)), 1.0)
    if named := _named(answer, hits):
        return [_citation(hits[number - 1], said, number) for number in named]
    stems = set(map(stem, said))
    shared = [len(stems & set(map(stem, words(hit.text)))) for hit in hits]
    best = max(shared, default=0)
    if not best:
        return [_citation(hit, said) for hit in hits[:1]]
    ranked = sorted(zip(shared, hits, strict=True), key=lambda pair: -pair[0])
    return [_citation(hit, said) for count, hit in ranked if count >= CITED * best]


def unsupported(answer: str, hits: Sequence[Hit]) -> tuple[str, ...]:
    """The sentences of an answer that no cited passage supports.

    A sentence is looked for in the passages that it names, else in those that the answer names,
    else in all; none is unsupported where answer and passages share no language.
    """
    stems = [set(map(stem, words(hit.text))) for hit in hits]
    said = [(each, _stems(_MARK.sub("", each))) for each in sentences(_marks_inside(answer))]
    if set().union(*stems).isdisjoint(one for _, own in said for one in own):
        return ()
    named = _named(answer, hits)
    found = []
    for sentence, own in said:
        cited = _named(sentence, hits) or named or range(1, len(hits) + 1)
        known = set().union(*(stems[number - 1] for number in cited))
        if len(own) >= LONG and len(own & known) < SUPPORTED * len(own):
            found.append(_MARK.sub("", sentence))
    return tuple(found)


def _marks_inside(answer: str) -> str:
    """The answer with the marks that follow the end of a sentence before that end."""
    return _AFTER_END.sub(r"\2\1", answer)


def _named(text: str, hits: Sequence[Hit]) -> list[int]:
    """The numbers of passages that a text names, each once."""
    return list(dict.fromkeys(n for n in _numbers(text) if 0 < n <= len(hits)))


def _stems(sentence: str) -> set[str]:
    return set(map(stem, content_words(sentence)))


def _telling(answer: str) -> Iterable[str]:
    """The words by which an answer's passage is known: bare numbers only for want of others."""
    asked = content_words(answer)
    return [word for word in asked if not word.isdigit()] or asked


def _numbers(answer: str) -> Iterable[int]:
    marks = _MARK.findall(answer)
    return [int(number) for mark in marks for number in re.findall(r"\d+", mark)]


def _citation(hit: Hit, said: dict[str, float], number: int | None = None) -> Citation:
    quote = closest(hit, said)
    return Citation(
        hit.file,
        quote.page,
        quote.heading,
        quote.text,
        number,
        quote.last_page,
        hit.recognised,
    )
