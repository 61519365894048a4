"""Numbers with their nouns: 1 минута, 3 минуты, 11 минут."""

import math
from collections.abc import Sequence

from bot.texts.words import Texts

MINUTE, HOUR = 60, 3600


def counted(number: int, forms: Sequence[str]) -> str:
    """The number and the form that goes with it, of two (English) or three (Russian)."""
    if len(forms) == 2:
        return f"{number} {forms[number != 1]}"
    tens, units = number % 100 // 10, number % 10
    if tens == 1 or units == 0 or units > 4:
        return f"{number} {forms[2]}"
    return f"{number} {forms[units != 1]}"


def duration(seconds: float, words: Texts) -> str:
    """A time to wait, as one says it: rounded up to seconds, minutes or hours."""
    if seconds < 2 * MINUTE:
        return counted(math.ceil(seconds), words.seconds)
    if seconds < 2 * HOUR:
        return counted(math.ceil(seconds / MINUTE), words.minutes)
    return counted(math.ceil(seconds / HOUR), words.hours)
