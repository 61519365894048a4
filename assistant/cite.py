"""Citations of a model's answer, made by code from the passages that it was sent."""

from collections.abc import Sequence

from assistant.events import Citation
from assistant.quote import closest
from indexer.search import Hit
from indexer.words import content_words, stem, words

# A passage is cited when it holds this share of the words that the best one shares with the answer.
CITED = 0.5


def citations(answer: str, hits: Sequence[Hit]) -> list[Citation]:
    """The passages that share words with the answer, best first, each with its closest sentences.

    The first that was found where none shares a word, as when the answer is in another language.
    """
    said = dict.fromkeys(content_words(answer), 1.0)
    stems = {stem(word) for word in said}
    shared = [len(stems & set(map(stem, words(hit.text)))) for hit in hits]
    best = max(shared, default=0)
    if not best:
        return [_citation(hit, said) for hit in hits[:1]]
    ranked = sorted(zip(shared, hits, strict=True), key=lambda pair: -pair[0])
    return [_citation(hit, said) for count, hit in ranked if count >= CITED * best]


def _citation(hit: Hit, said: dict[str, float]) -> Citation:
    quote = closest(hit, said)
    return Citation(hit.file, quote.page, quote.heading, quote.text, recognised=hit.recognised)
