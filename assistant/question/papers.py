"""Questions about the documents themselves: which there are, what one is about, its clauses."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from assistant.events import Citation
from assistant.question import patterns
from assistant.question.clean import is_russian
from assistant.question.issued import Issued, issued
from assistant.question.phrases import word_set
from indexer import catalog
from indexer.catalog import Document
from indexer.store import Store
from indexer.text import printable
from indexer.words import content_words, stem, words

FOLDERS, NAMES = 12, 12  # told of a list
NEWEST = 10
EXAMPLES = 3  # documents with a clause of the same number
_PART = (
    r"(?:стать[яеиюёй]+|ст\.?|пункт\w*|п\.?\s?п\.?|п\.?|подпункт\w*|раздел\w*|глав[аеуы]"
    r"|параграф\w*|§|articles?|art\.?|clauses?|sections?|sec\.?|paragraphs?|chapters?)"
)
_CLAUSE = (
    rf"(?is)(?P<lead>.{{0,60}}?)(?<!\w){_PART}\s*(?:№\s*|no\.?\s*)?"
    r"(?P<number>\d+(?:\.\d+)*)\.?(?!\w)(?P<of>.*)"
)
_LEADING = word_set("""
сказано написано говорится говорит гласит указано содержит содержится текст содержание процитируй
покажи приведи в во по о об что есть из
does is say says show quote text of the in read cite content
""")
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
Told = Sequence[Document]


@dataclass(frozen=True)
class Papers:
    """An answer about the documents; `found` is False where it says that something is not there."""

    kind: str
    text: str
    citations: tuple[Citation, ...] = ()
    found: bool = True


def about_papers(store: Store, question: str) -> Papers | None:
    """The answer to a question about the documents themselves; None where it is no such."""
    said, russian = " ".join(words(question)), is_russian(question)
    kind = patterns.kind_of(said)
    if kind == "documents":
        return Papers(kind, _by_folder(catalog.documents(store), russian))
    if kind == "new":
        return Papers(kind, _newest(catalog.documents(store), russian))
    return (
        _clause(store, question, russian)
        or _of_a_kind(store, said, russian)
        or _about(store, said, russian)
    )


def _by_folder(known: Told, russian: bool) -> str:
    folders: dict[str, list[str]] = {}
    for each in known:
        folders.setdefault(str(PurePosixPath(each.path).parent), []).append(each.path)
    head = "Документов в поиске: {}." if russian else "Documents that I search: {}."
    lines = [head.format(len(known))]
    for folder, paths in list(folders.items())[:FOLDERS]:
        names = ", ".join(printable(PurePosixPath(path).name) for path in paths[:NAMES])
        place = f"{_folder(folder, russian)} ({len(paths)}): " if len(folders) > 1 else ""
        lines.append(f"{place}{names}{_more(len(paths) - NAMES, russian)}")
    if len(folders) > FOLDERS:
        left = len(folders) - FOLDERS
        lines.append(f"… ещё папок: {left}" if russian else f"… and {left} more folders")
    return "\n".join(lines)


def _folder(folder: str, russian: bool) -> str:
    if folder != ".":
        return f"{printable(folder)}/"
    return "Вне папок" if russian else "In no folder"


def _more(left: int, russian: bool) -> str:
    if left <= 0:
        return ""
    return f" … и ещё {left}" if russian else f" … and {left} more"


def _newest(known: Told, russian: bool) -> str:
    newest = sorted(known, key=lambda each: each.date, reverse=True)
    head = "Последние изменения в документах:" if russian else "The documents changed last:"
    lines = [f"— {printable(each.path)}, {_day(each.date, russian)}" for each in newest[:NEWEST]]
    if left := newest[NEWEST:]:
        names = ", ".join(printable(PurePosixPath(each.path).name) for each in left[:NAMES])
        told = f"Ещё {len(left)}" if russian else f"{len(left)} more"
        lines.append(f"{told}: {names}{_more(len(left) - NAMES, russian)}")
    return "\n".join([head, *lines])


def _day(date: str, russian: bool) -> str:
    return ".".join(reversed(date.split("-"))) if russian else date


def _of_a_kind(store: Store, said: str, russian: bool) -> Papers | None:
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
    text = "\n".join([head, *lines]) + _more(len(found) - NEWEST, russian)
    if years and (mentioned := catalog.mentions(store, stem(rest[0]), years[0])):
        text += ("\nУпомянуты: " if russian else "\nMentioned: ") + "; ".join(mentioned)
    return Papers("list", text, tuple(each.cited for each in found[:NEWEST]))


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
        cited = _cited(store, document)
        return cls(document, cited, issued(document, cited.quote))

    def is_of(self, year: str) -> bool:
        """Tell whether it bears the year's date or names it, in its first lines if undated."""
        date, first = self.issued.date, words(self.cited.quote)
        named = words(f"{self.document.path} {self.document.facts}")
        return date[:4] == year or year in named or (not date and year in first)

    def line(self, russian: bool) -> str:
        """Its path, with number and date where it bears them."""
        number = self.issued.number
        told = f"{'№' if russian else 'No.'} {number}" * (number not in self.document.path)
        if date := self.issued.date:
            of = "от" if russian else "of"
            told = f"{told} {of} {_day(date, russian)}".strip()
        return f"— {printable(self.document.path)}" + (f", {told}" if told else "")


def _about(store: Store, said: str, russian: bool) -> Papers | None:
    name = patterns.name_in(said)
    named = catalog.named(catalog.documents(store), name) if name else []
    if not named:
        return None
    document = named[0]
    lines = [printable(document.path)]
    if headings := catalog.headings(store, document):
        lines.append(("Разделы: " if russian else "Sections: ") + "; ".join(headings))
    cited = _cited(store, document)
    lines.append(("Начало: " if russian else "It begins: ") + cited.quote)
    return Papers("document", "\n".join(lines), (cited,))


def _cited(store: Store, document: Document) -> Citation:
    first = catalog.opening(store, document)
    return Citation(document.path, first.page, first.heading, first.text)


def _clause(store: Store, question: str, russian: bool) -> Papers | None:
    """A clause by its number, of the document that is named, or of any."""
    has_number = any(map(str.isdigit, question))
    match = re.fullmatch(_CLAUSE, question.strip(" ?.!")) if has_number else None
    if not match:
        return None
    name, number = match["of"].strip(' ,.:«»"'), match["number"]
    if any(_is_content(word) for word in content_words(match["lead"])):
        if name:
            return None
        name = match["lead"]
    known = catalog.documents(store)
    named = catalog.named(known, name) if name else known
    if not named:
        return None
    found = list(_clauses(store, named, number))
    if found:
        from assistant.engines import quoted

        text = "\n\n".join(quoted(each, russian) for each in found)
        return Papers("clause", text, tuple(found))
    if not name:
        return None
    file = printable(named[0].path)
    text = (
        f"Пункта {number} в документе {file} не нашёл."
        if russian
        else f"I found no clause {number} in {file}."
    )
    return Papers("clause", text, found=False)


def _is_content(word: str) -> bool:
    return word not in _LEADING


def _clauses(store: Store, named: Iterable[Document], number: str) -> Iterable[Citation]:
    found = 0
    for document in named:
        if extract := catalog.clause(store, document, number):
            yield Citation(document.path, extract.page, extract.heading, extract.text)
            found += 1
            if found == EXAMPLES:
                return
