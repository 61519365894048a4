"""What every reader yields and raises."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    """A piece of a document with its place in it."""

    text: str
    number: int | None = None  # from 1; None where the format has no pages
    heading: str | None = None  # those above the text, outermost first: "Глава 1 › Сроки"


class Unreadable(Exception):
    """Why a document gives no text: lower-case, to stand after "name.pdf: "."""
