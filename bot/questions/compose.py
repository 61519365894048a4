"""From an answer to the messages that show it."""

from collections.abc import Sequence
from dataclasses import replace

from assistant.events import REPEATS, Citation, Done
from assistant.quotation import place
from assistant.quote.whole import shows_a_part
from bot.messages.addresses import hosts_in
from bot.messages.messages import answer_parts, plain_parts, quoted_parts, sources_part
from bot.messages.parts import LONGEST, MOST_ENTITIES, Part
from bot.telegram.sending import Buttons, length_of
from bot.texts import Texts

GAP = "\n\n"


def messages_of(done: Done, words: Texts) -> list[Part]:
    """The whole answer: labelled where no model wrote it, or where it is cut, with its sources."""
    if done.engine == "server":
        hosts = hosts_in(citation.quote for citation in done.citations)
        parts = answer_parts(done.text, hosts) or plain_parts(words.empty)
    elif done.engine == "extractive":
        quotes = words.quotes if done.found else ""  # else the text says that it is no answer
        searched = words.searched.format(words=done.searched) if done.searched else ""
        if done.note:
            quotes = words.quotes_busy if done.fault == "ServerBusy" else words.quotes_no_server
        label = "\n".join(filter(None, (quotes, searched)))
        parts = quoted_parts(f"{label}{GAP}{done.text}" if label else done.text)
    else:
        parts = quoted_parts(done.text)
    if done.searched and done.engine == "server":
        parts = _with(parts, plain_parts(words.searched.format(words=done.searched))[0])
    if done.cut:
        parts = _with(parts, plain_parts(_why_cut(done, words))[0])
    if done.unsupported:
        said = " ".join(f"«{sentence}»" for sentence in done.unsupported)
        parts = _with(parts, plain_parts(words.unsupported.format(said=said))[0])
    if done.citations and done.engine == "server":
        parts = _with(parts, sources_part(done.citations, words.language))
    return parts


def _why_cut(done: Done, words: Texts) -> str:
    if done.cause == REPEATS:
        return words.repeats
    return words.broken_off if done.cause else words.cut


def fragment(text: str, label: str) -> list[Part]:
    """What was written of an answer that does not come whole, and why it does not."""
    return _with(answer_parts(text), plain_parts(label)[0])


def answer_buttons(
    number: int, outcome: str, words: Texts, citations: Sequence[Citation] = (), shown: str = ""
) -> Buttons:
    """What stands under a finished answer: feedback only where it answers.

    Where not all of a quotation is shown, all of it can be had.
    """
    retry = [(words.button_retry, f"retry:{number}")]
    if outcome != "answered":
        return [retry]
    whole = [(words.button_whole, f"whole:{number}")]
    first = [whole] if shows_a_part(shown, citations) else []
    return [*first, [("👍", f"like:{number}"), ("👎", f"dislike:{number}"), *retry]]


def whole(citation: Citation, text: str, words: Texts) -> list[Part]:
    """The section or page of a quotation, as messages of their own."""
    head = f"📖 {place(citation, words.language == 'ru')}"
    return quoted_parts(head + GAP + (text or words.whole_gone))


def stop_button(number: int, words: Texts) -> Buttons:
    """What stands under an answer that is being written."""
    return [[(words.button_stop, f"stop:{number}")]]


def _with(parts: list[Part], last: Part) -> list[Part]:
    """The parts with one more, in the same message as the one before where that has room."""
    if not parts:
        return [last]
    before = parts[-1]
    text = before.text + GAP + last.text
    if length_of(text) > LONGEST or len(before.entities) + len(last.entities) > MOST_ENTITIES:
        return [*parts, last]
    by = length_of(before.text + GAP)
    moved = [replace(one, offset=one.offset + by) for one in last.entities]
    return [*parts[:-1], Part(text, (*before.entities, *moved))]
