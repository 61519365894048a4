"""What a paper bears: its number, its date, and who signed it."""

from collections.abc import Sequence

from assistant.events import Citation
from assistant.question import patterns
from assistant.quotation import quoted
from assistant.retrieval.force import InForce, in_force
from assistant.retrieval.paper import Paper
from assistant.retrieval.signature import signature
from assistant.retrieval.told import Papers
from core.text import printable
from indexer.store import catalog
from indexer.store.store import Store

EXAMPLES = 3  # papers of a name that are told
# What number or date a paper bears; the group holds its kind and name.
_BEARS = r"""
    (?:какой |какого )?номер(?: и дат[ау]| у)? (.+?)(?: и от какого числа| и дата| и когда он\w*)?
    (?:от )?какого числа(?: и под каким номером)? (.+)
    (?:какая )?дат[ау](?: и номер)? (.+)
    (?:what is |what s )?(?:the )?(?:number|date)(?: and (?:the )?(?:number|date))? of (?:the )?(.+)
    under (?:what|which) number (?:is|was) (?:the )?(.+?)(?: issued| signed)?"""
_SIGNED = r"""
    (?:а )?кто (?:же )?(?:подписал\w*|подписывал\w*|поставил\w* подпись под) (.+)
    (?:а )?(?:кем|чьей рукой) (?:был\w* )?(?:подписан\w*|подписывал\w*) (.+)
    (?:а )?(.+) (?:кем (?:был\w* )?подписан\w*|кто подписал\w*)
    (?:а )?чья (?:стоит )?подпись (?:стоит )?(?:под|на|в) (.+)
    (?:а )?(?:под|на|в) (.+) чья (?:стоит )?подпись
    who (?:has |had )?signed (?:the |an? )?(.+)
    (?:by )?(?:who|whom) (?:is|was) (?:the |an? )?(.+?) signed(?: by)?
    whose signature is (?:on|under) (?:the |an? )?(.+)"""
_NUMBERS = frozenset(("номер", "номером", "number"))
_DATES = frozenset(("дата", "дату", "числа", "когда", "date"))


def number_and_date(store: Store, said: str, russian: bool) -> Papers | None:
    """What papers of a name bear, as far as it is asked."""
    found = in_force(store, name) if (name := _name(_BEARS, said)) else []
    asked = set(said.split())
    for each in found:
        issued = each.paper.issued
        if (asked & _NUMBERS and not issued.number) or (asked & _DATES and not issued.date):
            return None
    parts = [_told(each.paper.issued.told(russian), each, russian) for each in found]
    return _papers("issued", found, parts, [each.paper.cited for each in found])


def signed_by(store: Store, said: str, russian: bool) -> Papers | None:
    """Who signed papers of a name, as it stands at their ends."""
    found = in_force(store, name) if (name := _name(_SIGNED, said)) else []
    quotes = [_signature(store, each.paper) for each in found]
    known = [quote for quote in quotes if quote]
    if len(known) < len(found):
        return None
    parts = [
        "\n".join([quoted(quote, russian), *_others(each, russian)])
        for each, quote in zip(found, known, strict=True)
    ]
    return _papers("signed", found, parts, known)


def _name(lines: str, said: str) -> str:
    match = patterns.compiled(lines).fullmatch(said)
    return next(filter(None, match.groups()), "") if match else ""


def _papers(
    kind: str, found: Sequence[InForce], parts: Sequence[str], cited: Sequence[Citation]
) -> Papers | None:
    if not 0 < len(found) <= EXAMPLES:
        return None
    return Papers(kind, "\n\n".join(parts), tuple(cited))


def _signature(store: Store, paper: Paper) -> Citation | None:
    found = signature(catalog.lines(store, paper.document))
    return Citation(paper.document.path, found.page, found.heading, found.text) if found else None


def _told(text: str, found: InForce, russian: bool) -> str:
    place = f"— {printable(found.paper.document.path)}"
    return "\n".join([text, place, *_others(found, russian)])


def _others(found: InForce, russian: bool) -> list[str]:
    """The papers that one took the place of, and what took its own."""
    lines = []
    if found.after:
        lead = "Больше не действует, вместо него" if russian else "No longer in force, replaced by"
        lines.append(f"{lead}: {_named(found.after, russian)}")
    for each in found.before:
        lead = "Прежний, больше не действует" if russian else "Before it, no longer in force"
        lines.append(f"{lead}: {_named(each, russian)}")
    return lines


def _named(paper: Paper, russian: bool) -> str:
    return f"{paper.issued.told(russian)} ({printable(paper.document.path)})".strip()
