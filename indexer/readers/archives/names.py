"""Names of files in archives, which are bytes of an unknown encoding."""

from __future__ import annotations

from indexer.readers.letters.encoding import guess


def decoded(names: list[bytes]) -> list[str]:
    """UTF-8 where it is; else all that is not in the code page that makes words of them."""
    told: list[str | None] = [_utf8(name) for name in names]
    page = guess(b" ".join(name for name, text in zip(names, told, strict=True) if text is None))
    return [
        name.decode(page, "replace") if text is None else text
        for name, text in zip(names, told, strict=True)
    ]


def _utf8(name: bytes) -> str | None:
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return None
