"""Which addresses in an answer may be touched: only those that show where they lead."""

import re
from collections.abc import Iterable, Iterator, Sequence

from bot.messages.parts import CODE, Span

TELEGRAM = r"(?:[\w-]+\.)*(?:t\.me|telegram\.(?:me|dog|org))\b"
WEB = re.compile(rf"(?i)https?://(?!{TELEGRAM})([\w.-]+)(?::\d+)?(?:[/?#][^\s\\]*)?")
HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+")
# A label that looks like this would promise another place than the one it leads to.
LIKE_AN_ADDRESS = re.compile(r"://|@|\w\.[^\W\d_]{2}")
# What Telegram makes active by itself. The first one is left as it is: it says where it leads.
ACTIVE = re.compile(
    rf"""(?ix)
    (?P<web> https?://(?!{TELEGRAM})[\w.-]+(?::\d+)?(?:[/?\#][^\s@,;<>«»"'`]*)?)
    | [a-z][a-z0-9+.-]{{0,30}}://\S*\w
    | (?:(?<![\w.+:!-])[\w.+:!-]+)?@\w+(?:[.-]\w+)*
    | (?<![\w-])[\w-]+(?:\.[\w-]+){{0,8}}\.[a-z][a-z0-9-]+(?!\w)(?::\d+)?(?:[/?\#]\S*\w)?
    | (?<![\w.])\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?!\w)
    | (?<![\w/<>])/[a-z0-9_]\w*(?:[/@.-]\w+)*
    """
)


def hosts_in(texts: Iterable[str]) -> frozenset[str]:
    """The hosts that the texts name, in small letters."""
    return frozenset(host for text in texts for host in HOST.findall(text.lower()))


def may_be_masked(label: str, url: str, hosts: Iterable[str]) -> bool:
    """True if a link may hide the address behind the label: a web page of one of the hosts."""
    web = WEB.fullmatch(url)
    return web is not None and web[1].lower() in hosts and not LIKE_AN_ADDRESS.search(label)


def neutralized(text: str, spans: Sequence[Span] = ()) -> Iterator[Span]:
    """Code over what a touch would open or send: file names like guide.md, mentions, commands.

    Addresses of the web stay, and so does what is code or a link already.
    """
    taken = [span for span in spans if span.kind in CODE or span.kind == "text_link"]
    for found in ACTIVE.finditer(text):
        start, end = found.span()
        if not found["web"] and all(end <= one.start or one.end <= start for one in taken):
            yield Span("code", start, end)
