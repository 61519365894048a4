"""Text that was typed in the other keyboard layout."""

_LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>~@#$^&"
_CYRILLIC = 'йцукенгшщзхъфывапролджэячсмитьбюёЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮЁ"№;:?'
_TO_CYRILLIC = str.maketrans(_LATIN, _CYRILLIC)
_TO_LATIN = str.maketrans(_CYRILLIC, _LATIN)
_VOWELS = frozenset("аеёиоуыэюяaeiouy")
ENOUGH = 0.2  # of the letters of a text are vowels in either language


def other_layout(text: str) -> str:
    """The same keys in the other layout; nothing where that is no text of a language."""
    typed = text.rstrip("?!. ")
    letters = [letter for letter in typed if letter.isalpha()]
    is_latin = sum(letter.isascii() for letter in letters) * 2 > len(letters)
    other = typed.translate(_TO_CYRILLIC if is_latin else _TO_LATIN)
    found = [letter for letter in other.lower() if letter.isalpha()]
    vowels = sum(letter in _VOWELS for letter in found)
    return other if found and vowels >= ENOUGH * len(found) else ""
