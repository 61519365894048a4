"""Shows the passages that a search found."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from assistant.question.clean import is_russian
from core.errors import UserError
from core.text import counted, printable
from opsctl.terminal import output

if TYPE_CHECKING:
    from assistant.events import Citation, Done
    from assistant.quote import Choice
    from indexer.search.searcher import Found, Searcher

    _Section = tuple[Citation, str]


_WHETHER = ("found", "not sure", "nothing found")


def tell_words_alone(error: UserError | None) -> None:
    """Say why a question is answered by words alone, and what helps."""
    if error:
        output.note(f"warning: words alone are searched: {error.message}")
        output.note(f"hint: {error.hint}")


def list_sources(found: "Found", russian: bool) -> None:
    """Print each passage with its place and score."""
    from assistant.events import recognised

    for number, hit in enumerate(found.hits, start=1):
        page = f", {'стр.' if russian else 'p.'} {hit.pages}" if hit.page is not None else ""
        heading = f", {hit.heading}" if hit.heading else ""
        mark = recognised(hit.recognised, russian)
        place = printable(f"{hit.file}{page}{mark}{heading}")
        output.write(f"{number}. {place}  [{hit.score:.2f}]\n{_indented(hit.text)}\n")


def say_whether(choice: "Choice", russian: bool) -> None:
    """Tell whether the passages hold an answer, by what would be quoted of them."""
    at = 0 if choice.is_sure else 1 if choice.is_near else 2
    said = ("найдено", "не наверняка", "ничего не найдено") if russian else _WHETHER
    certainty, threshold = ("уверенность", "порог") if russian else ("certainty", "threshold")
    figures = f"{certainty} {choice.certainty:.2f}, {threshold} {choice.found.threshold:.2f}"
    output.note(f"{said[at]}: {figures}")


def sections(citations: Sequence["Citation"], searcher: "Searcher") -> "list[_Section]":
    """The whole section or page of each quotation of an answer that is cut."""
    from assistant.quote.whole import in_part, section

    return searcher.look(lambda store: [(one, section(store, one)) for one in in_part(citations)])


def with_sections(
    text: str, found: "Sequence[_Section]", russian: bool
) -> "tuple[str, list[_Section]]":
    """An answer with sections in place of their quotations, and those that it has none of."""
    from assistant.quotation import place, quoted

    beside = []
    for citation, section in found:
        quotation = quoted(citation, russian)
        if section and quotation in text:
            text = text.replace(quotation, f"{section}\n— {place(citation, russian)}", 1)
        else:
            beside.append((citation, section))
    return text, beside


def show_sections(found: "Sequence[_Section]", russian: bool) -> None:
    from assistant.quotation import place

    for citation, text in found:
        output.write(f"\n— {place(citation, russian)}\n\n{text}")


def show_end(
    question: str,
    done: "Done",
    found: "Found | None",
    whole: str = "",
    named: "Collection[Citation]" = (),
) -> None:
    """Print what follows an answer: the places of its sources, who wrote it, what was left out.

    `whole` is what to type for all of a quotation that is cut; `named` are places told already.
    """
    from assistant.quotation import place
    from assistant.quote.whole import shows_a_part

    russian = is_russian(done.searched or question)
    if done.engine == "server":
        places = [place(each, russian) for each in done.citations if each not in named]
        output.write("".join(f"\n— {place}" for place in dict.fromkeys(places)).lstrip("\n"))
    _tell_doubts(done, russian)
    if done.searched:
        output.note(f"{'искал' if russian else 'searched for'}: {printable(done.searched)}")
    if whole and shows_a_part(done.text, done.citations):
        output.note(f"{'показать целиком' if russian else 'to see all of it'}: {whole}")
    if not done.kind:
        _tell_writer(done, found, russian)


def _tell_doubts(done: "Done", russian: bool) -> None:
    """What no passage supports, and what was cut of the answer or of its prompt."""
    for sentence in done.unsupported:
        label = "отрывки этого не подтверждают" if russian else "no passage confirms this"
        output.note(f"{label}: {printable(sentence)}")
    if done.cut:
        longest = ("достигнута наибольшая длина", "it reached its greatest length")
        why = done.cause or f"{longest[not russian]} (OPSCTL_ANSWER_TOKENS)"
        output.note(f"{'ответ здесь обрезан' if russian else 'the answer is cut here'}: {why}")
    if done.dropped_turns or done.dropped_passages:
        output.note(_left_out(done.dropped_turns, done.dropped_passages, russian))


def _left_out(turns: int, passages: int, russian: bool) -> str:
    if russian:
        return f"в запрос не вошло: прежних вопросов — {turns}, отрывков — {passages}"
    counts = f"{counted(turns, 'earlier question')}, {counted(passages, 'passage')}"
    return f"left out, because the prompt was full: {counts}"


def _tell_writer(done: "Done", found: "Found | None", russian: bool) -> None:
    """Who wrote the answer, or what comes closest; why it was not the model."""
    if done.found:
        output.note(f"[{_writer(done, russian)}]")
    elif found and found.hits and not done.citations:
        closest = "ближе всего" if russian else "closest"
        output.note(f"{closest}: {printable(found.hits[0].file)}")
    if done.note:
        silent = "модель не ответила" if russian else "no model answered"
        output.note(done.note if done.engine == "server" else f"{silent}: {done.note}")
    if done.hint:
        output.note(f"{'подсказка' if russian else 'hint'}: {done.hint}")


def _writer(done: "Done", russian: bool) -> str:
    if done.engine == "server":
        return f"{'модель' if russian else 'model'} {done.model}".strip()
    return "цитаты из документов" if russian else "quotes from the documents"


def _indented(text: str) -> str:
    return "\n".join(f"   {line}" for line in text.splitlines())
