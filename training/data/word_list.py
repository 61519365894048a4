"""Lists of words and phrases that are found in any of their forms, by whole words only."""

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.extras import need
from core.text import printable
from indexer.passages.words import words
from indexer.sync.documents import digest

OWN = Path(__file__).parents[1] / "words"
LIKELY = 0.5  # the least share of a form's readings that must be those of the listed word


class WordList:
    """What a file lists: a word or a phrase a line; "=word" is that form alone, "#" a comment."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries = read_entries(path)
        self._forms: dict[str, str] = {}
        self._phrases: dict[str, list[tuple[str, list[frozenset[str]]]]] = defaultdict(list)
        for entry in self.entries:
            self._add(entry)
        self._first = frozenset((*self._forms, *self._phrases))

    def find(self, tokens: Sequence[str]) -> str | None:
        """The first entry that is among the words of a text, as `words` gives them."""
        if self._first.isdisjoint(tokens):  # most texts, without a loop in Python
            return None
        for place, token in enumerate(tokens):
            lemma = self._forms.get(token)
            if lemma is not None and (lemma[0] == "=" or _may_be(token, lemma)):
                return lemma.removeprefix("=")
            for entry, forms in self._phrases.get(token, ()):
                following = tokens[place : place + len(forms)]
                if len(following) == len(forms) and all(map(_among, following, forms)):
                    return entry
        return None

    def facts(self) -> dict[str, object]:
        """Which list it is, for a report."""
        own = self.path.parent == OWN
        name = self.path.name if own else str(self.path)
        return {"file": name, "sha256": digest(self.path), "entries": len(self.entries)}

    def _add(self, entry: str) -> None:
        parts = words(entry)
        if entry.startswith("="):
            self._forms[parts[0]] = "=" + parts[0]
        elif len(parts) == 1:
            self._forms |= dict.fromkeys(forms_of(parts[0]), parts[0])
        else:
            forms = [forms_of(part) for part in parts]
            for first in forms[0]:
                self._phrases[first].append((entry, forms))


def read_entries(path: Path) -> list[str]:
    """The entries of a list, without comments. Raise UserError when there are none."""
    hint = "one word or phrase a line, in UTF-8; # begins a comment"
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError as error:
        raise UserError(f"there is no word list {printable(str(path))}", hint) from error
    except UnicodeDecodeError as error:
        raise UserError(f"the word list {printable(str(path))} is not in UTF-8", hint) from error
    stripped = (line.partition("#")[0].strip() for line in lines)
    entries = [line for line in stripped if words(line)]
    if not entries:
        raise UserError(f"the word list {printable(str(path))} is empty", hint)
    return entries


def forms_of(word: str) -> frozenset[str]:
    """All forms of a word as `words` would give them; of a number, itself."""
    if word.isdigit():
        return frozenset((word,))
    readings = parses(word)
    own = (parse for parse in readings if parse.normal_form.replace("ё", "е") == word)
    lexeme = (form.word for form in next(own, readings[0]).lexeme)
    return frozenset((word, *(form.replace("ё", "е") for form in lexeme)))


@lru_cache(maxsize=1 << 16)
def parses(word: str) -> Sequence[Any]:
    """What pymorphy3 makes of a word, the likeliest reading first."""
    return _analyzer().parse(word)  # type: ignore[no-any-return]


@lru_cache(maxsize=1 << 16)
def lemma_of(word: str) -> str:
    """The dictionary form of a word's likeliest reading, ё as е."""
    return str(parses(word)[0].normal_form).replace("ё", "е")


@lru_cache(maxsize=1 << 16)
def _may_be(token: str, lemma: str) -> bool:
    """Whether a form (голы: of голый, of гол) is rather this word's than another's."""
    readings = [parse for parse in parses(token) if parse.is_known]
    own = [parse for parse in readings if parse.normal_form.replace("ё", "е") == lemma]
    return not readings or sum(p.score for p in own) >= LIKELY * sum(p.score for p in readings)


@lru_cache(maxsize=1)
def _analyzer() -> Any:
    return need("train", "pymorphy3").MorphAnalyzer()


def _among(token: str, forms: frozenset[str]) -> bool:
    return token in forms
