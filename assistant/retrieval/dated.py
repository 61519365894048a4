"""Lists of papers of a kind: "какие приказы были в 2026 году"."""

import re

from assistant.question.phrases import word_set
from assistant.retrieval.paper import STEMS, Paper, is_a
from assistant.retrieval.told import NEWEST, Papers, more
from indexer.passages.words import stem
from indexer.store import catalog
from indexer.store.store import Store

_LISTING = word_set("""
какие какой список перечисли покажи все были был есть изданы издан подписаны подписан вышли приняты
приняли утверждены за в во от с году года год г гг по на у вас тебя нас имеются найди всех
what which list all show me the of from in dated issued signed were are there is do you have year
for
""")
_YEAR = re.compile(r"(?:19|20)\d\d")


def of_a_kind(store: Store, said: str, russian: bool) -> Papers | None:
    """A list of documents of a kind, of a year or of all: "какие приказы были в 2026 году"."""
    years = _YEAR.findall(said)
    rest = [word for word in said.split() if word not in _LISTING and word not in years]
    asks = said.split()[0] in _LISTING or bool(years)
    if len(rest) != 1 or stem(rest[0]) not in STEMS or len(years) > 1 or not asks:
        return None
    if not years and not {"есть", "список", "list", "all", "все", "have", "there"} & set(
        said.split()
    ):
        return None
    known = (each for each in catalog.documents(store) if is_a(stem(rest[0]), each))
    papers = [Paper.read(store, each) for each in known]
    found = [each for each in papers if not years or each.is_of(years[0])]
    if not found:
        return None
    found.sort(key=lambda each: each.issued, reverse=True)
    head = f"Нашёл документов: {len(found)}" if russian else f"Documents found: {len(found)}"
    lines = [each.line(russian) for each in found[:NEWEST]]
    text = "\n".join([head, *lines]) + more(len(found) - NEWEST, russian)
    if years and (mentioned := catalog.mentions(store, stem(rest[0]), years[0])):
        text += ("\nУпомянуты: " if russian else "\nMentioned: ") + "; ".join(mentioned)
    return Papers("list", text, tuple(each.cited for each in found[:NEWEST]))
