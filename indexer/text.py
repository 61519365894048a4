"""Text as it may be shown to a person."""


def printable(text: str) -> str:
    """Control characters, which a terminal would obey, are spelled out."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
