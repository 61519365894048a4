"""The greeting at an answer's start; a name is looked for only inside it."""

import re
from functools import lru_cache

from training.data.word_list import parses

NAMING = ("Name", "Patr", "Surn")  # OpenCorpora's marks of first name, patronymic, surname
LIKELY_NAME = 0.25  # the share of a lower-case word's readings that must be those of a name
WORD = r"[^\W\d_]+(?:-[^\W\d_]+)?"
HELLO = (
    r"здравствуй(?:те)?|приветствую|привет(?:ик)?|доброго\s+времени(?:\s+суток)?|доброй\s+ночи"
    r"|добр(?:ый|ого|ое)\s+(?:день|дня|вечер|вечера|утро|утра)"
)
GREETING = re.compile(
    rf"\s*(?:(?P<before>{WORD}(?:\s+{WORD})?)\s*,\s*)?(?:{HELLO})\b(?:\s+(?:вас|вам|всем)\b)?", re.I
)
STOP = r"(?:[!.,:;…)]+|\n|$)"
ADDRESS = re.compile(rf"\s*,?\s*(?P<names>{WORD}(?:\s+{WORD}){{0,2}})?\s*(?P<stop>{STOP})")
PLAIN_STOP = re.compile(rf"\s*{STOP}\s*")
POLITE = re.compile(
    r"вам|вас|всем|всех|друзья|друг|коллеги|коллега|дорог(?:ой|ая|ие)|уважаем(?:ый|ая|ые)"
)


def without_greeting(answer: str) -> str:
    """The answer without the greeting at its start; the rest is not touched."""
    greeting = GREETING.match(answer)
    if not greeting:
        return answer
    before = greeting["before"]
    if before and not all(is_name(word) for word in before.split()):
        return answer
    end = _end(answer, greeting.end())
    return answer if end is None else answer[end:].lstrip()


@lru_cache(maxsize=1 << 12)
def is_name(word: str) -> bool:
    """Whether a word can name a person: any capital one that is a name, a small one if likely."""
    readings = parses(word.casefold())
    naming = [parse for parse in readings if any(mark in parse.tag for mark in NAMING)]
    share = sum(parse.score for parse in naming)
    return bool(naming) and (word[:1].isupper() or share >= LIKELY_NAME)


def _end(answer: str, start: int) -> int | None:
    """Where the greeting ends whose first word ends at `start`; None: it is no greeting."""
    address = ADDRESS.match(answer, start)
    if address and _is_address(address):
        return address.end()
    plain = PLAIN_STOP.match(answer, start)
    return plain.end() if plain else None


def _is_address(address: re.Match[str]) -> bool:
    """Whether all words are names or polite; before a comma the names need a capital letter."""
    if not address["names"]:
        return True
    for word in address["names"].split():
        if POLITE.fullmatch(word.casefold()):
            continue
        if not is_name(word) or (address["stop"][:1] == "," and not word[0].isupper()):
            return False
    return True
