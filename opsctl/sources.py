"""Shows the passages that a search found."""

from typing import TYPE_CHECKING

from indexer.documents import printable
from opsctl import output

if TYPE_CHECKING:
    from indexer.search import Found


def list_sources(found: "Found") -> None:
    """Print each passage with its place and score, and whether they count."""
    for number, hit in enumerate(found.hits, start=1):
        page = f", p. {hit.page}" if hit.page is not None else ""
        heading = f", {hit.heading}" if hit.heading else ""
        place = printable(f"{hit.file}{page}{heading}")
        output.write(f"{number}. {place}  [{hit.score:.2f}]\n{_indented(hit.text)}\n")
    word = "found" if found.confident else "nothing found"
    output.note(f"{word}: confidence {found.confidence:.2f}, threshold {found.threshold:.2f}")


def _indented(text: str) -> str:
    return "\n".join(f"   {line}" for line in text.splitlines())
