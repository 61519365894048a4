"""Questions about the documents themselves: which there are, what one is about, its clauses."""

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from assistant.events import Citation
from assistant.question import patterns
from assistant.question.clean import is_russian
from assistant.question.phrases import word_set
from assistant.quotation import quoted
from assistant.retrieval.borne import number_and_date, signed_by
from assistant.retrieval.dated import of_a_kind
from assistant.retrieval.told import NEWEST, Papers, cited, day, more
from core.text import printable
from indexer.passages.words import content_words, words
from indexer.store import catalog
from indexer.store.catalog import Document
from indexer.store.store import Store

FOLDERS, NAMES = 12, 12  # told of a list
EXAMPLES = 3  # documents with a clause of the same number
_PART = (
    r"(?:стать[яеиюёй]+|ст\.?|пункт\w*|п\.?\s?п\.?|п\.?|подпункт\w*|раздел\w*|глав[аеуы]"
    r"|параграф\w*|§|articles?|art\.?|clauses?|sections?|sec\.?|paragraphs?|chapters?)"
)
_CLAUSE = (
    rf"(?is)(?P<lead>.{{0,60}}?)(?<!\w){_PART}\s*(?:№\s*|no\.?\s*)?"
    r"(?P<number>\d+(?:\.\d+)*)\.?(?!\w)(?P<of>.*)"
)
_TAIL = re.compile(r"\s(?:say|says|state|contain|read|гласит|говорит|сказано)$", re.IGNORECASE)
_LEADING = word_set("""
сказано написано говорится говорит гласит указано содержит содержится текст содержание процитируй
покажи приведи в во по о об что есть из
what does is say says show quote text of the in read cite content
""")
Told = Sequence[Document]


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
        or number_and_date(store, said, russian)
        or signed_by(store, said, russian)
        or of_a_kind(store, said, russian)
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
        lines.append(f"{place}{names}{more(len(paths) - NAMES, russian)}")
    if len(folders) > FOLDERS:
        left = len(folders) - FOLDERS
        lines.append(f"… ещё папок: {left}" if russian else f"… and {left} more folders")
    return "\n".join(lines)


def _folder(folder: str, russian: bool) -> str:
    if folder != ".":
        return f"{printable(folder)}/"
    return "Вне папок" if russian else "In no folder"


def _newest(known: Told, russian: bool) -> str:
    newest = sorted(known, key=lambda each: each.date, reverse=True)
    head = "Последние изменения в документах:" if russian else "The documents changed last:"
    lines = [f"— {printable(each.path)}, {day(each.date, russian)}" for each in newest[:NEWEST]]
    if left := newest[NEWEST:]:
        names = ", ".join(printable(PurePosixPath(each.path).name) for each in left[:NAMES])
        told = f"Ещё {len(left)}" if russian else f"{len(left)} more"
        lines.append(f"{told}: {names}{more(len(left) - NAMES, russian)}")
    return "\n".join([head, *lines])


def _about(store: Store, said: str, russian: bool) -> Papers | None:
    name = patterns.name_in(said)
    named = catalog.named(catalog.documents(store), name) if name else []
    if not named:
        return None
    document = named[0]
    lines = [printable(document.path)]
    if headings := catalog.headings(store, document):
        lines.append(("Разделы: " if russian else "Sections: ") + "; ".join(headings))
    first = cited(store, document)
    lines.append(("Начало: " if russian else "It begins: ") + first.quote)
    return Papers("document", "\n".join(lines), (first,))


def _clause(store: Store, question: str, russian: bool) -> Papers | None:
    """A clause by its number, of the document that is named, or of any."""
    has_number = any(map(str.isdigit, question))
    match = re.fullmatch(_CLAUSE, question.strip(" ?.!")) if has_number else None
    if not match:
        return None
    name, number = _TAIL.sub("", match["of"]).strip(' ,.:«»"'), match["number"]
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
