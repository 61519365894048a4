"""Which paper is in force: one that another takes the place of is told with that other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.quote.editions import REPLACES, is_put_aside, marks
from assistant.retrieval.paper import STEMS, Paper, is_a
from indexer.passages.words import stem, words
from indexer.store import catalog
from indexer.store.catalog import Document
from indexer.store.store import Store

MOST = 6  # papers of a name that are looked at
STEPS = 5  # from a paper to the one that took its place


@dataclass(frozen=True)
class InForce:
    """A paper that was asked for, those it took the place of, and what took its own."""

    paper: Paper
    before: tuple[Paper, ...] = ()
    after: Paper | None = None


def in_force(store: Store, name: str) -> list[InForce]:
    """The papers of a name, such as "приказ о дежурствах", that are in force.

    One that is named by its number is told whether it is or not.
    """
    kind = next((word for word in name.split() if stem(word) in STEMS), "")
    if not kind or name == kind:
        return []
    known = catalog.documents(store)
    named = catalog.named((each for each in known if is_a(stem(kind), each)), name)
    if not named or len(named) > MOST:
        return []
    papers = [Paper.read(store, each) for each in named]
    for paper in papers:
        if paper.issued.number and set(words(paper.issued.number)) <= set(words(name)):
            last = _last(store, known, paper)
            return [InForce(paper, after=None if last == paper else last)]
    return _grouped(store, known, papers)


def _grouped(store: Store, known: Sequence[Document], papers: Sequence[Paper]) -> list[InForce]:
    """The papers in force that these lead to, each with those of them that led to it."""
    led = dict[int, list[Paper]]()
    last = dict[int, Paper]()
    for paper in papers:
        newest = _last(store, known, paper)
        last[newest.document.id] = newest
        led.setdefault(newest.document.id, []).append(paper)
    found = [
        InForce(paper, tuple(each for each in led[key] if each != paper))
        for key, paper in last.items()
    ]
    valid = [each for each in found if each.before or not _is_old(each.paper)]
    return valid or found


def _is_old(paper: Paper) -> bool:
    return is_put_aside(paper.document.path)


def _last(store: Store, known: Sequence[Document], paper: Paper) -> Paper:
    """The paper itself, or the one that took its place in the end."""
    seen = {paper.document.id}
    for _ in range(STEPS):
        after = next(_successors(store, known, paper), None)
        if after is None or after.document.id in seen:
            break
        seen.add(after.document.id)
        paper = after
    return paper


def _successors(store: Store, known: Sequence[Document], paper: Paper) -> Iterator[Paper]:
    """The papers that say they take the place of one, by its number, and its date if they tell."""
    number, date = paper.issued.number, "date_" + paper.issued.date.replace("-", "_")
    if not number:
        return
    papers = {each.id: each for each in known if each.id != paper.document.id}
    for key, text in catalog.statements(store, number):
        dates, numbers = marks(text)
        is_meant = number in numbers and (date in dates or not dates or not paper.issued.date)
        if key in papers and is_meant and REPLACES.search(text):
            yield Paper.read(store, papers[key])
