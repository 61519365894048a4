"""Quoting: the smallest set of whole blocks that answers a question, and how sure that is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.quote.asked import Asked, understand
from assistant.quote.certainty import PRESENT, certainty
from assistant.quote.editions import age, differ, is_edition, replaces, same_columns, year
from assistant.quote.expand import expand
from assistant.quote.show import BRIEF, USUAL, show
from assistant.quote.units import Outline
from assistant.quote.weigh import Weighed, weigh
from indexer.search.searcher import Found, Hit

# A unit of another document with this share of the best one's score may speak of the same thing.
RIVAL = 0.8
EDITION = 0.7  # where it is an edition of the same document
# With this share of the certainty that an answer takes, a quotation is shown as the closest.
NEAR = 0.6
BEGINNING = 20  # characters of a block by which it is known to be shown


@dataclass(frozen=True)
class Quote:
    """Whole blocks of a document, and where they begin."""

    text: str
    hit: Hit
    page: int | None
    heading: str | None
    last_page: int | None = None  # where it goes over to another one


@dataclass(frozen=True)
class Choice:
    """What of the passages found answers best, and from 0 to 1 how sure it is that it does.

    `older` is the same in an older document, with other numbers.
    """

    found: Found
    quote: Quote | None
    older: Quote | None
    certainty: float

    @property
    def is_sure(self) -> bool:
        """Tell whether it can be said as the answer."""
        return self.quote is not None and self.certainty >= self.found.threshold

    @property
    def is_near(self) -> bool:
        """Tell whether it is worth showing, if only as what comes closest."""
        return self.quote is not None and self.certainty >= NEAR * self.found.threshold


def choose(question: str, found: Found) -> Choice:
    """Choose among the passages that were found."""
    asked = understand(question, found.terms)
    outlines = [Outline(hit, question) for hit in found.hits]
    weighed = weigh(asked, outlines, found.meanings)
    if not weighed:
        return Choice(found, None, None, 0.0)
    best = weighed[0]
    around = outlines[best.unit.rank].around(best.unit)
    sure = certainty(question, asked, best, around, found.confidence, found.rare)
    newer, *older = _editions(weighed, outlines, asked)
    return Choice(
        found,
        _quote(newer, outlines, asked),
        _quote(older[0], outlines, asked, BRIEF) if older else None,
        sure,
    )


def closest(hit: Hit, weights: Mapping[str, float]) -> Quote:
    """What of a passage holds most of some words, by their weights."""
    asked, outlines = Asked(weights), [Outline(hit)]
    weighed = weigh(asked, outlines)
    if not weighed:
        return Quote(hit.text, hit, hit.page, hit.heading)
    return _quote(weighed[0], outlines, asked)


def _editions(
    weighed: Sequence[Weighed], outlines: Sequence[Outline], asked: Asked
) -> list[Weighed]:
    """The best unit and its rival, the newer first; one alone that has the numbers asked for.

    Whether an edition is still valid, the other one says.
    """
    best, rival = weighed[0], _rival(weighed, outlines)
    if rival is None:
        return [best]
    numbers = [word for word in best.held if word[0].isdigit()]
    pair = [best, rival]
    named = [each for each in pair if all(each.held[word] >= PRESENT for word in numbers)]
    if len(named) > 1:
        named = [each for each in pair if year(outlines[each.unit.rank].hit) in numbers]
    pair.sort(key=lambda each: age(outlines[each.unit.rank].hit), reverse=True)
    newer, older = (outlines[each.unit.rank].hit for each in pair)
    if replaces(older, newer) and not replaces(newer, older):
        pair.reverse()
    return named if len(named) == 1 and "valid" not in asked.kinds else pair


def _rival(weighed: Sequence[Weighed], outlines: Sequence[Outline]) -> Weighed | None:
    """The best unit of another document that says the same with other numbers."""
    best = weighed[0]
    mine = outlines[best.unit.rank].hit
    editions = dict[int, bool]()  # by rank: a passage has many units
    for each in weighed[1:]:
        rank = each.unit.rank
        hit = outlines[rank].hit
        if each.score < EDITION * best.score:
            break
        if rank not in editions:
            editions[rank] = is_edition(hit, mine) or replaces(hit, mine) or replaces(mine, hit)
        if editions[rank]:
            return each
        is_rival = each.score >= RIVAL * best.score and hit.file != mine.file
        if is_rival and _say_the_same(each, best):
            return each
    return None


def _say_the_same(one: Weighed, other: Weighed) -> bool:
    """Tell whether two units do, but for numbers; rows only of tables of one kind."""
    first, second = one.unit, other.unit
    return same_columns(first.columns, second.columns) and differ(first.text, second.text)


def _quote(weighed: Weighed, outlines: Sequence[Outline], asked: Asked, room: int = USUAL) -> Quote:
    unit = weighed.unit
    outline = outlines[unit.rank]
    piece = outline.pieces[unit.place]
    places = expand(unit, outline, asked)
    text = show(outline, places, unit, room)
    after = [outline.pieces[at] for at in places if at > unit.place]
    shown = [piece, *(each for each in after if each.text[:BEGINNING] in text)]
    last = max(each.last_page or each.page or 0 for each in shown)
    last_page = last if piece.page is not None and last > piece.page else None
    return Quote(text, outline.hit, piece.page, piece.heading, last_page)
