"""The language of a text, as far as its letters tell it."""

from training.data.rows import Row


def same_language(row: Row, answer: str) -> bool:
    """Whether question and answer are in the same script; an answer without letters is in none."""
    asked, said = is_cyrillic(row.question), is_cyrillic(answer)
    return said is not None and said == asked


def is_cyrillic(text: str) -> bool | None:
    """Whether half of a text's letters or more are Cyrillic; None without letters."""
    letters = [letter for letter in text.lower() if letter.isalpha()]
    cyrillic = sum("\u0400" <= letter <= "\u04ff" for letter in letters)
    return 2 * cyrillic >= len(letters) if letters else None
