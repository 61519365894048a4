"""Papers by what they bear: kind, date and number, in their names, titles or first lines."""

import re
from dataclasses import dataclass, replace
from functools import total_ordering

from assistant.events import Citation
from assistant.question import patterns
from assistant.question.phrases import word_set
from assistant.retrieval.told import NEWEST, Papers, cited, day, more
from core.text import printable
from indexer.passages.forms import exact_forms
from indexer.passages.words import stem, words
from indexer.store import catalog
from indexer.store.catalog import Document
from indexer.store.store import Store

_KINDS = word_set("""
приказ распоряжение договор контракт протокол положение инструкция регламент правила акт отчет
график справка письмо план смета прейскурант устав бюллетень руководство памятка постановление
соглашение паспорт
order contract agreement minutes protocol regulation instruction policy report schedule manual
handbook guide letter plan directive rule
""")
_LISTING = word_set("""
какие какой список перечисли покажи все были был есть изданы издан подписаны подписан вышли приняты
приняли утверждены за в во от с году года год г гг по на у вас тебя нас имеются найди всех
what which list all show me the of from in dated issued signed were are there is do you have year
for
""")
_YEAR = re.compile(r"(?:19|20)\d\d")
# What number or date a paper bears; the group holds its kind and name.
_BEARS = r"""
    (?:какой |какого )?номер(?: и дат[ау]| у)? (.+?)(?: и от какого числа| и дата| и когда он\w*)?
    (?:от )?какого числа(?: и под каким номером)? (.+)
    (?:какая )?дат[ау](?: и номер)? (.+)
    (?:what is |what s )?(?:the )?(?:number|date)(?: and (?:the )?(?:number|date))? of (?:the )?(.+)
    under (?:what|which) number (?:is|was) (?:the )?(.+?)(?: issued| signed)?"""
_DATE = re.compile(r"date_(\d{4})_(\d\d)_(\d\d)")
_NUMBER = re.compile(r"(?:№|\bNo\.)\s?([\w/-]*\d[\w/-]*)")
# The number that follows is that of the order which approves the paper.
_APPROVED = re.compile(r"утвержд|введен|approved", re.IGNORECASE)


@total_ordering
@dataclass(frozen=True)
class Issued:
    """Either may be empty; the date is YYYY-MM-DD. Those of a day are sorted by their numbers."""

    date: str
    number: str

    def told(self, russian: bool) -> str:
        """As people write it."""
        sign, of = ("№", "от") if russian else ("No.", "of")
        number = f"{sign} {self.number}" if self.number else ""
        return f"{number} {of} {day(self.date, russian)}".strip() if self.date else number

    def __lt__(self, other: "Issued") -> bool:
        return (self.date, _value(self.number)) < (other.date, _value(other.number))


def of_a_kind(store: Store, said: str, russian: bool) -> Papers | None:
    """A list of documents of a kind, of a year or of all: "какие приказы были в 2026 году"."""
    years = _YEAR.findall(said)
    rest = [word for word in said.split() if word not in _LISTING and word not in years]
    kinds = {stem(kind) for kind in _KINDS}
    asks = said.split()[0] in _LISTING or bool(years)
    if len(rest) != 1 or stem(rest[0]) not in kinds or len(years) > 1 or not asks:
        return None
    if not years and not {"есть", "список", "list", "all", "все", "have", "there"} & set(
        said.split()
    ):
        return None
    known = (each for each in catalog.documents(store) if _is_a(stem(rest[0]), each))
    papers = [_Paper.read(store, each) for each in known]
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


def number_and_date(store: Store, said: str, russian: bool) -> Papers | None:
    """What a paper of a kind that has them, such as an order, bears."""
    match = patterns.compiled(_BEARS).fullmatch(said)
    name = next(filter(None, match.groups()), "") if match else ""
    kinds = [word for word in name.split() if stem(word) in set(map(stem, _KINDS))]
    if not kinds or name == kinds[0]:
        return None
    known = (each for each in catalog.documents(store) if _is_a(stem(kinds[0]), each))
    named = catalog.named(known, name)
    if len(named) != 1:
        return None
    paper = _Paper.read(store, named[0])
    if not (paper.issued.date and paper.issued.number):
        return None
    told = paper.issued.told(russian)
    return Papers("issued", f"{told}\n— {printable(paper.document.path)}", (paper.cited,))


def _is_a(kind: str, document: Document) -> bool:
    """Tell whether its name has the word, or a line of its title begins with it."""
    lines = map(words, document.facts.split("\n"))
    first = {line[0] for line in lines if line} & _KINDS
    return kind in set(map(stem, [*words(document.path), *first]))


@dataclass(frozen=True)
class _Paper:
    """A document with what it says of itself."""

    document: Document
    cited: Citation
    issued: Issued

    @classmethod
    def read(cls, store: Store, document: Document) -> "_Paper":
        first = cited(store, document)
        return cls(document, first, _issued(document, first.quote))

    def is_of(self, year: str) -> bool:
        """Tell whether it bears the year's date or names it, in its first lines if undated."""
        date, first = self.issued.date, words(self.cited.quote)
        named = words(f"{self.document.path} {self.document.facts}")
        return date[:4] == year or year in named or (not date and year in first)

    def line(self, russian: bool) -> str:
        """Its path, with the number and date that it bears, unless the path says the number."""
        path, issued = self.document.path, self.issued
        if issued.number in path:
            issued = replace(issued, number="")
        return f"— {printable(path)}, {issued.told(russian)}".removesuffix(", ")


def _issued(document: Document, opening: str) -> Issued:
    """What a document says of itself; `opening` are its first lines."""
    title = document.facts.partition("\n")[2]
    places = (document.path, title, opening)
    date = next((found for place in places if (found := _date_in(place))), "")
    numbers = (_NUMBER.search(_APPROVED.split(place)[0]) for place in places)
    number = next((match[1] for match in numbers if match), "")
    return Issued(date, number)


def _date_in(text: str) -> str:
    found = next(filter(None, map(_DATE.fullmatch, exact_forms(text))), None)
    return "-".join(found.groups()) if found else ""


def _value(number: str) -> int:
    return int(next(iter(re.findall(r"\d+", number)), "0"))
