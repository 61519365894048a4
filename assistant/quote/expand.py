"""The whole blocks that a unit needs around it to be an answer."""

import re

from assistant.quote.asked import Asked, joins
from assistant.quote.show import CUT, USUAL
from assistant.quote.text import Text
from assistant.quote.units import Outline, Unit

UNDER_TITLE = 6  # blocks shown of what stands under the title of a document
TELLING = 2  # blocks after the chosen one, among which the value that is asked for is looked for
ROWS = 5  # as good as the chosen one, that are shown with it
_NOTE = re.compile(r"\[\^?\w+\]")


def expand(unit: Unit, outline: Outline, asked: Asked) -> list[int]:
    """The places of the blocks to show: the unit's own, what announces it, and what it announces.

    A colon takes its list, a question its answer, a heading its text, a row those that are as
    good; a block without the value that is asked for takes the next one that has it.
    """
    place, pieces = unit.place, outline.pieces
    places = {place}
    if outline.announces(place):
        places.update(outline.children(place) or outline.following(place, 1))
    elif unit.title:
        places.update(outline.following(place, UNDER_TITLE))
    elif pieces[place].kind == "row":
        places.update(_rows_alike(unit, outline, asked))
    else:
        places.update(_list(place, outline, asked))
    if asked.kinds and not any(asked.tells(pieces[at].text) for at in places):
        places.update(_up_to_value(max(places), outline, asked))
    places.update(_rest_of_sentence(max(places), outline))
    for mark in _NOTE.findall("\n".join(pieces[at].text for at in places)):
        places.update(
            at
            for at, piece in enumerate(pieces)
            if piece.kind == "note" and piece.text.startswith(mark)
        )
    return sorted(places)


def _rows_alike(unit: Unit, outline: Outline, asked: Asked) -> list[int]:
    """The rows of the table that hold the same words of the question, where these are few."""
    pieces = outline.pieces
    table = pieces[unit.place].table
    shared = [
        word
        for word in asked.terms
        if unit.own.holds(word) == 1.0 and not joins(word) and word not in asked.by_kind
    ]
    rows = [
        at
        for at, piece in enumerate(pieces)
        if piece.kind == "row" and piece.table == table and outline.can_be_quoted(at)
    ]
    alike = [at for at in rows if all(Text(pieces[at].text).holds(word) == 1.0 for word in shared)]
    return alike if shared and len(alike) <= ROWS else []


def _list(place: int, outline: Outline, asked: Asked) -> list[int]:
    """What announces a block, and the others of its list where that is short or asked for."""
    pieces = outline.pieces
    for parent in reversed(outline.parents[place]):
        if pieces[parent].kind != "heading":
            children = outline.children(parent)
            size = sum(len(pieces[at].text) for at in children)
            if asked.whole or size <= USUAL:
                return [parent, *children]
            return [parent, *outline.children(place)]
    run = outline.run(place)
    size = sum(len(pieces[at].text) for at in run)
    return run if asked.whole or size <= USUAL else []


def _up_to_value(place: int, outline: Outline, asked: Asked) -> list[int]:
    """The next blocks up to one that holds a value of the kind asked for."""
    after = outline.following(place, TELLING)
    for count, at in enumerate(after, start=1):
        if asked.tells(outline.pieces[at].text):
            return after[:count]
    return []


def _rest_of_sentence(place: int, outline: Outline) -> list[int]:
    """The next block where it goes on with the sentence, as after the end of a page."""
    piece = outline.pieces[place]
    after = outline.following(place, 1)
    if piece.kind in ("row", "heading") or not after or not CUT.search(piece.text):
        return []
    return after if outline.pieces[after[0]].text[:1].islower() else []
