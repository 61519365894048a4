"""An answer about the documents themselves, and what such answers are made of."""

from dataclasses import dataclass

from assistant.events import Citation
from indexer.store import catalog
from indexer.store.catalog import Document
from indexer.store.store import Store

NEWEST = 10  # documents of a list, each on a line


@dataclass(frozen=True)
class Papers:
    """An answer about the documents; `found` is False where it says that something is not there."""

    kind: str
    text: str
    citations: tuple[Citation, ...] = ()
    found: bool = True


def cited(store: Store, document: Document) -> Citation:
    """The first lines of a document."""
    first = catalog.opening(store, document)
    return Citation(document.path, first.page, first.heading, first.text)


def day(date: str, russian: bool) -> str:
    """A date (YYYY-MM-DD) as it is written in the language."""
    return ".".join(reversed(date.split("-"))) if russian else date


def more(left: int, russian: bool) -> str:
    """How many of a list are left out."""
    if left <= 0:
        return ""
    return f" … и ещё {left}" if russian else f" … and {left} more"
