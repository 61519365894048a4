"""Text as people see it: composed letters, plain spaces, nothing invisible."""

from __future__ import annotations

import re
import unicodedata

_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SPACE = re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_LIGATURE = re.compile("[\ufb00-\ufb06]")  # the ﬁ of typeset PDFs, which no one types

# Control characters, soft hyphens, zero-width characters, direction overrides, variation selectors,
# tags and half surrogates: they break search, hide instructions, or cannot be stored as UTF-8.
_HIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e0fff]"
)
_PLAIN = re.compile("[\t\n -~\u0400-\u045f№«»–—…“”„]*")  # nothing in it needs cleaning


def clean(text: str) -> str:
    """The text in NFC with \\n line ends; no control (but \\n, \\t) or invisible characters."""
    if _PLAIN.fullmatch(text):
        return text
    text = _SPACE.sub(" ", _HIDDEN.sub("", _LINE_END.sub("\n", text)))
    text = _LIGATURE.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    return unicodedata.normalize("NFC", text)
