"""A quotation as people read it: with its place, in the language of the question."""

from pathlib import Path

from assistant.events import Citation, recognised
from core.text import printable
from indexer.readers.sections import SEPARATOR, headings_of


def quoted(citation: Citation, russian: bool) -> str:
    """A quotation with its place below it."""
    left, right = "«»" if russian else "“”"
    return f"{left}{citation.quote}{right}\n— {place(citation, russian)}"


def place(citation: Citation, russian: bool) -> str:
    """Name the file and, where there is one, the page or else the section."""
    file, mark = printable(citation.file), recognised(citation.recognised, russian)
    if citation.page is not None:
        return f"{file}, {'стр.' if russian else 'p.'} {citation.pages}{mark}"
    own = Path(file).stem.casefold()  # a page's title is often the name it was saved under
    parts = [part for part in headings_of(citation.heading) if part.casefold() not in own]
    return (f"{file}, {SEPARATOR.join(parts)}" if parts else file) + mark
