"""Who signed a paper, by the last lines of its text."""

import re
from collections.abc import Sequence
from dataclasses import replace

from indexer.store.catalog import Extract

_NAME = r"[А-ЯЁ][а-яё]+(?:-[А-ЯЁ][а-яё]+)?"
_INITIALS = r"[А-ЯЁ]\.(?: ?[А-ЯЁ]\.)?"
_PERSON = (
    rf"(?:{_INITIALS} ?{_NAME}|{_NAME} {_INITIALS}(?! ?[А-ЯЁ][а-яё])"
    rf"|{_NAME} {_NAME} [А-ЯЁ][а-яё]+(?:вич|вна|чна|оглы|кызы)"
    r"|(?:[A-Z]\. ?){1,2}[A-Z][\w'’-]+)"
)
# A name only after what says so.
_FULL_NAME = r"(?:(?:Dr|Mrs?|Ms|Prof)\.? )?[A-Z][\w'’-]+ (?:[A-Z]\. )?[A-Z][\w'’-]+"
_POST = r"(?:[^.:;!?\d]|\.(?=\S|\s[a-zа-я])){0,100}?"
_SIGN = r"[\s|/_.,(]*(?:подпись|signature)?[\s|/_,)]*"
# A post, a place to sign in, a name; the post may stand on the line before or after it. Two parties
# may sign beside each other.
_SIGNED = re.compile(
    rf"(?P<post>{_POST}){_SIGN}{_PERSON}[\s|/)]*(?:(?<=[\s|]){_POST}{_SIGN}{_PERSON}[\s|/)]*)?"
)
_BEGINS = re.compile(
    r"(?:(?:approved|agreed) and )?(?:signed|подписа(?:л|но|ли))(?: by)?\s*:?\s*|/s/\s*"
    r"|(?:yours )?(?:sincerely|faithfully|truly),?|(?:kind |best )?regards,?|с уважением,?",
    re.IGNORECASE,
)
# What stands below a signature, with names of its own.
_BELOW = re.compile(
    r"\W*(?:с \w+ ознакомлен|ознакомлен|согласован|исполнител|исп\.|виз[аы]|рассылк|копи[яи]"
    r"|приложени|agreed|acknowledged|prepared by|cc:|copy|copies|distribution|annex)",
    re.IGNORECASE,
)
_ANNEX = re.compile(r"(?:приложение|annex|appendix)\b[^:]{0,60}$", re.IGNORECASE)
LAST = 20  # lines of a text, among which its signatures are
LONGEST = 200  # characters of one with a signature
_WORDS = 12  # of a post at most


def signature(text: Sequence[Extract]) -> Extract | None:
    """The signatures at the end of a paper, or before what is annexed to it."""
    annex = next((at for at, line in enumerate(text) if at and _ANNEX.match(line.text)), len(text))
    for end in dict.fromkeys((annex, len(text))):
        last = text[max(0, end - LAST) : end]
        if found := _first(last):
            return found
    return None


def _first(lines: Sequence[Extract]) -> Extract | None:
    """The first signature, with others that follow at once."""
    found: list[str] = []
    place = None
    texts = ["", *(line.text for line in lines), ""]
    for at, line in enumerate(lines):
        before, own, after = texts[at : at + 3]
        if _BELOW.match(own):
            break
        if told := _signed(own, before, after):
            found.append(told)
            place = place or line
        elif found and not _is_near(own):
            break
    return replace(place, text="\n".join(dict.fromkeys(found))) if place else None


def _signed(line: str, before: str, after: str) -> str:
    """What a line with a signature says, with the post beside it."""
    if len(line) > LONGEST:
        return ""
    mark = _BEGINS.match(line)
    own = line[mark.end() :] if mark else line
    begins = bool(mark) or bool(_BEGINS.fullmatch(before.strip()))
    if begins and re.match(_FULL_NAME, own):
        return _squeezed("\n".join([own, after] if _is_post(after) else [own]))
    match = _SIGNED.fullmatch(own.strip())
    if not match:
        return ""
    post = match["post"].strip(" |_/,(")
    if _is_post(post):
        return _squeezed(own)
    if post and not post[0].islower():
        return ""
    if _is_post(before) and not _BEGINS.fullmatch(before.strip()):
        return _squeezed(f"{before}\n{own}")
    if not post and _is_post(after):
        return _squeezed(f"{own}\n{after}")
    return _squeezed(own) if begins and not post else ""


def _is_post(text: str) -> bool:
    post = text.strip(" |_/,(")
    return bool(re.fullmatch(_POST, post)) and post[:1].isupper() and len(post.split()) <= _WORDS


def _is_near(line: str) -> bool:
    """Tell whether a line may stand between two signatures."""
    return not line.strip() or _is_post(line) or bool(_BEGINS.fullmatch(line))


def _squeezed(text: str) -> str:
    lines = (" ".join(re.sub(r"[_|]+", " ", line).split()) for line in text.split("\n"))
    return "\n".join(filter(None, lines))
