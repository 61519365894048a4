"""Long text in pieces that a page can hold."""

from __future__ import annotations

PAGE_SIZE = 1 << 16  # characters


def split(text: str) -> list[str]:
    """Pieces of at most PAGE_SIZE, cut after a blank line, or else a line end, or else a space."""
    pieces = []
    start = 0
    while len(text) - start > PAGE_SIZE:
        end = _border(text, start)
        pieces.append(text[start:end])
        start = end
    return [*pieces, text[start:]]


def _border(text: str, start: int) -> int:
    half, limit = start + PAGE_SIZE // 2, start + PAGE_SIZE
    for border in ("\n\n", "\n", " ", "\t"):
        at = text.rfind(border, half, limit)
        if at >= 0:
            return at + len(border)
    return limit
