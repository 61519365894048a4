"""Misspelt words: the nearest of those that the documents hold."""

import re
from collections.abc import Iterator

from indexer.passages.words import content_words, stem, words
from indexer.postings.lists import holders, passage_text, vocabulary
from indexer.store.store import Store

SHORT, LONG = 5, 8  # letters: of a word that is guessed; of a stem in which two may be wrong
ENDING = 3  # letters in which the words may differ, their endings included
MOST = 2  # unknown words of a question that are guessed
LOOKED_AT = 20  # places of a word, for its form
_LETTERS = re.compile(r"[^\W\d_]+")


class Spelling:
    """The vocabulary of one generation of a store, read at the first unknown word."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._terms: dict[int, list[tuple[str, int]]] | None = None

    def corrected(self, question: str) -> dict[str, str]:
        """The unknown words of a question with what they seem to be, where they are few."""
        asked = dict.fromkeys(content_words(question))
        unknown = [word for word in asked if not is_known(self._store, word)]
        if not 0 < len(unknown) <= MOST:
            return {}
        return {word: nearest for word in unknown if (nearest := self._nearest(word))}

    def _nearest(self, word: str) -> str:
        """A word as the documents write it; the more frequent of two at the same distance."""
        asked = stem(word)
        wrong = 2 if len(asked) >= LONG else 1
        if len(asked) < SHORT or not _LETTERS.fullmatch(word):
            return ""
        ranked = [
            (distance, -count, term)
            for term, count in self._near(asked, wrong)
            if (distance := edits(asked, term, wrong)) <= wrong and not _same(asked, term)
        ]
        terms = (term for *_, term in sorted(ranked) if holders(self._store.db, term, 1))
        term = next(terms, "")
        if not term:
            return ""
        # Stems that end in other letters and have other endings are other words: список, списать.
        most = ENDING if term[-1] == asked[-1] else wrong
        found = self._written(term, word)
        return found if edits(word, found, most) <= most else ""

    def _near(self, asked: str, wrong: int) -> Iterator[tuple[str, int]]:
        """Terms of about this length that hold a piece of it: of these, one more than edits."""
        size = len(asked) // (wrong + 1) or 1
        pieces = [asked[place * size : (place + 1) * size] for place in range(wrong)]
        pieces.append(asked[wrong * size :])
        for length in range(len(asked) - wrong, len(asked) + wrong + 1):
            for term, count in self._vocabulary().get(length, ()):
                if term[0] == asked[0] and any(piece in term for piece in pieces):
                    yield term, count

    def _vocabulary(self) -> dict[int, list[tuple[str, int]]]:
        if self._terms is None:
            self._terms = {}
            for term, count in vocabulary(self._store.db):
                if len(term) >= SHORT - 1 and "_" not in term:
                    self._terms.setdefault(len(term), []).append((term, count))
        return self._terms

    def _written(self, term: str, typed: str) -> str:
        """The word with this stem that is closest to what was typed."""
        found = holders(self._store.db, term, LOOKED_AT)
        rows = self._store.db.execute(
            "SELECT d.facts, p.heading, c.lead, substr(p.text, c.start + 1, c.stop - c.start)"
            " FROM chunk c JOIN page p ON p.id = c.page_id JOIN document d ON d.id = c.document_id"
            f" WHERE c.id IN ({','.join('?' * len(found))})",
            found,
        )
        texts = "\n".join(f"{passage_text(*row[1:])}\n{row[0]}" for row in rows)
        forms = {word for word in words(texts) if stem(word) == term}
        return min(forms, key=lambda form: (edits(typed, form, len(typed)), form), default="")


def is_known(store: Store, word: str) -> bool:
    """Tell whether a document holds a form of the word."""
    return bool(holders(store.db, stem(word.casefold()), 1))


def _same(one: str, other: str) -> bool:
    """Tell whether two stems seem to be of one word with other endings: nothing is misspelt."""
    return abs(len(one) - len(other)) > 1 and (one.startswith(other) or other.startswith(one))


def edits(one: str, other: str, most: int) -> int:
    """How many letters differ, are missing, too many, or swapped with the next; `most` + 1 ends."""
    before, last = [0] * (len(other) + 1), list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        now = [row]
        for column, own in enumerate(other, 1):
            cost = min(last[column] + 1, now[-1] + 1, last[column - 1] + (letter != own))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == own:
                cost = min(cost, before[column - 2] + 1)
            now.append(cost)
        if min(now) > most:
            return most + 1
        before, last = last, now
    return last[-1]
