"""The addresses of the line to Telegram: the Bot API, and the proxies on the way to it."""

import re
from urllib.parse import SplitResult, quote, unquote, urlsplit

from core.errors import UsageError

PROXIES = ("http", "https", "socks5", "socks5h")
_PORTS = {"http": 80, "https": 443}
_TOKEN = r"\{token\}|<token>|\d+:[\w-]+"
_API = re.compile(rf"(?P<head>.*?)(?:/bot(?:{_TOKEN})?)?/*", re.IGNORECASE)
_FORMS = "give socks5://NAME:PASSWORD@HOST:PORT or http://HOST:PORT, several comma-separated"


def web_address(text: str) -> SplitResult | None:
    """The parts of an http or https address; None where the text is none."""
    try:
        parts = urlsplit(text)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if sound and len(text.split()) == 1 else None


def api_url(text: str, name: str) -> str:
    """The address up to the token, ending in /bot, whichever form it was given in."""
    hint = "give an address such as https://api.telegram.org/bot"
    parts = web_address(text)
    if parts is None:
        raise UsageError(f"{name} is not the address of a Bot API server", hint)
    if parts.username is not None:
        raise UsageError(f"{name} holds a user name or password", hint)
    found = _API.fullmatch(parts.path)
    assert found
    head = found["head"]
    if parts.query or parts.fragment or re.search(r"/bot|\{|\d+:", head, re.IGNORECASE):
        raise UsageError(f"{name} continues after /bot", hint)
    return f"{parts.scheme}://{parts.netloc}{head}/bot"


def proxies(text: str, name: str) -> tuple[str, ...]:
    """Proxies in their order; what an address may not hold as it is, is quoted."""
    return tuple(proxy(part.strip(), name) for part in text.split(",") if part.strip())


def proxy(text: str, name: str) -> str:
    """One proxy's address. Raises UsageError, which does not repeat it: it may hold a password."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise UsageError(f"{name} has an address that is not valid", _FORMS) from None
    if parts.scheme in ("tg", "mtproto") or host == "t.me":
        raise UsageError(f"{name}: an MTProto proxy is for Telegram's apps, not for bots", _FORMS)
    if parts.scheme not in PROXIES or "://" not in text:
        kind = f"is of the kind {parts.scheme}://" if "://" in text else "does not say its kind"
        raise UsageError(f"a proxy in {name} {kind}", _FORMS)
    if not host or not host.isascii() or len(text.split()) > 1 or parts.path.strip("/"):
        raise UsageError(f"{name} has an address that is not valid", _FORMS)
    port = port or _PORTS.get(parts.scheme, 1080)
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if parts.username is None:
        return f"{parts.scheme}://{where}"
    words = (parts.username, parts.password or "")
    user, password = (quote(unquote(word), safe="") for word in words)
    return f"{parts.scheme}://{user}:{password}@{where}"


def masked(url: str) -> str:
    """A proxy as it may be shown."""
    hidden = "********@" if "@" in url else ""
    return f"{url.partition('://')[0]}://{hidden}{place(url)}"


def place(url: str) -> str:
    """The host and port of a proxy."""
    return url.partition("://")[2].rpartition("@")[2]


def passwords(url: str) -> tuple[str, ...]:
    """What of a proxy must never be shown, as it is written and as it is meant."""
    word = urlsplit(url).password or ""
    return (word, unquote(word)) if len(word) > 3 else ()  # a shorter one would hide everything
