"""The whole section or page that a quotation was cut from."""

from collections.abc import Sequence
from itertools import accumulate, takewhile

from assistant.events import Citation
from assistant.quote.show import whole
from indexer.passages.words import words
from indexer.store.store import Store
from indexer.store.surroundings import Piece, pages

MOST = 6000  # characters; of what is longer, the blocks around the quotation
PLACES = 3  # sections or pages of one answer
SAME = 0.6  # of the words of a quotation, which its place still holds
BEGINNING = 60  # characters of a quotation by which it is found in an answer
CUT = "…"


def is_cut(quote: str) -> bool:
    """Tell whether more stands in the document where a quotation ends, begins or leaves out."""
    return any(line.startswith(CUT) or line.endswith(CUT) for line in quote.split("\n"))


def shows_a_part(answer: str, citations: Sequence[Citation]) -> bool:
    """Tell whether the text of an answer shows less of a quotation than the document holds."""
    told = " ".join(answer.split())
    quotes = [(each.quote, " ".join(each.quote.split())) for each in citations]
    return any(
        said[:BEGINNING] in told and (is_cut(quote) or said not in told) for quote, said in quotes
    )


def in_part(citations: Sequence[Citation], longest: int = MOST) -> list[Citation]:
    """Of an answer's quotations those that are cut or longer than is shown, one of each place.

    All, where none is.
    """
    cut = [each for each in citations if is_cut(each.quote) or len(each.quote) > longest]
    places = {(each.file, each.page, each.heading): each for each in cut or citations}
    return list(places.values())[:PLACES]


def section(store: Store, citation: Citation) -> str:
    """What a quotation stands in; nothing where the document does not hold it any more."""
    if not store.schema():
        return ""
    said = set(words(citation.quote))
    for page in pages(store.db, citation.file, citation.page, citation.heading):
        held = said.intersection(words("\n".join(piece.text for piece in page)))
        if len(held) >= SAME * len(said):
            return "\n".join(_near(page, said))
    return ""


def _shared(said: set[str], page: Sequence[Piece]) -> list[int]:
    """How many of the words each block holds."""
    return [len(said.intersection(words(piece.text))) for piece in page]


def _near(page: Sequence[Piece], said: set[str]) -> list[str]:
    """The blocks of a page, in a long one those around the block with most of the words."""
    shared = _shared(said, page)
    place = shared.index(max(shared))
    start = place - _fitting(page[:place][::-1], MOST // 3)
    stop = place + 1 + _fitting(page[place + 1 :], MOST - _size(page[start : place + 1]))
    before, after = [CUT] * (start > 0), [CUT] * (stop < len(page))
    return [*before, *whole(page[start:stop]), *after]


def _fitting(blocks: Sequence[Piece], room: int) -> int:
    """How many of the first blocks the room is enough for."""
    sizes = accumulate(len(piece.text) for piece in blocks)
    return sum(1 for _ in takewhile(lambda size: size <= room, sizes))


def _size(blocks: Sequence[Piece]) -> int:
    return sum(len(piece.text) for piece in blocks)
