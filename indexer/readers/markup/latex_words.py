"""Words of LaTeX without its commands."""

from __future__ import annotations

import re
import unicodedata

MOST_NOTES = 300  # of a paragraph
_NOTHING = re.compile(
    r"\\(?:label|cite\w*|ref|eqref|pageref|autoref|index|includegraphics|[vh]space\*?|bibliography"
    r"|bibliographystyle|usepackage|input|include|pagestyle|thispagestyle|setlength|setcounter"
    r"|addtocounter|fontsize|selectlanguage|phantomsection|addcontentsline|tableofcontents"
    r"|title|author|date|color|renewcommand|newcommand|hypersetup|documentclass|rule|raisebox"
    r"|def\\[A-Za-z]+)"
    r"(?![A-Za-z])\*?\s*(?:\[[^\]]*\])*(?:\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})*"
)
_FIRST_DROPPED = re.compile(
    r"\\(?:href|textcolor|hypertarget|hyperlink|colorbox|foreignlanguage|parbox|resizebox"
    r"|makebox|multirow)\s*(?:\[[^\]]*\])*\{[^{}]*\}"
)
_FOOTNOTE = re.compile(r"\\footnote(?:text)?\s*(?:\[[^\]]*\])?(?=\{)")
_ACCENT = re.compile(
    r"\\([`'^\"~=.]|[uvHckr](?=\s*\{|\s+[A-Za-z]))\s*"
    r"(?:\{\s*\\?([A-Za-zА-яЁё])\s*\}|\\?([A-Za-zА-яЁё]))"
)
_COMBINING = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", "=": "\u0304", "u": "\u0306",
    ".": "\u0307", '"': "\u0308", "r": "\u030a", "H": "\u030b", "v": "\u030c", "c": "\u0327",
    "k": "\u0328",
}  # fmt: skip
_WORDS = {
    "textbackslash": "\\", "ldots": "…", "dots": "…", "textellipsis": "…", "LaTeX": "LaTeX",
    "TeX": "TeX", "textdegree": "°", "copyright": "©", "S": "§", "pounds": "£", "euro": "€",
    "texteuro": "€", "textasciitilde": "~", "textasciicircum": "^", "textbar": "|", "No": "№",
    "textnumero": "№", "ss": "ß", "ae": "æ", "o": "ø", "l": "ł", "i": "i", "aa": "å", "quad": " ",
    "qquad": " ", "textless": "<", "textgreater": ">", "item": "•", "cdot": "·", "times": "×",
    "leq": "≤", "geq": "≥", "le": "≤", "ge": "≥", "neq": "≠", "approx": "≈", "pm": "±",
    "rightarrow": "→", "to": "→", "rubl": "₽", "textrub": "₽", "percent": "%", "newline": "\n",
}  # fmt: skip
_COMMAND = re.compile(r"\\([A-Za-z@]+)\*?(?:\s*\[[^\]\n]{0,200}\])?[ \t]*\n?(?:\{\})?")
_MATH = re.compile(r"\\[()\[\]]|(?<!\\)\$\$?")
_SIGNS = (
    ("---", "—"), ("--", "–"), ("``", "“"), ("''", "”"), ("<<", "«"), (">>", "»"), ('"=', "-"),
    ('"---', "—"), ('"~', "-"), ("~", " "), ("\\,", " "), ("\\;", " "), ("\\!", ""), ("\\/", ""),
    ("\\-", ""), ("\\ ", " "), ("\\@", ""), ("\\:", " "),
)  # fmt: skip
_LITERAL = re.compile(r"\\([%&$#_{}])")


def argument(text: str, at: int) -> tuple[str, int]:
    """What stands in the braces that open at a place, and where they end."""
    depth = 0
    for found in re.compile(r"\\.|[{}]", re.DOTALL).finditer(text, at):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if depth <= 0 and found[0] == "}":
            return text[at + 1 : found.start()], found.end()
    return text[at + 1 :], len(text)


def plain(text: str) -> str:
    """A text as it is printed, about; notes in parentheses."""
    if "\\" not in text and not any(sign in text for sign in "~$-`'<>{\""):
        return text
    for _ in range(MOST_NOTES):
        found = _FOOTNOTE.search(text)
        if not found:
            break
        note, end = argument(text, found.end())
        text = f"{text[: found.start()]} ({note}){text[end:]}"
    text = _FIRST_DROPPED.sub("", _NOTHING.sub("", text))
    text = _ACCENT.sub(_accented, text.replace("\\\\", "\n"))
    text = _LITERAL.sub(lambda found: chr(0xE000 + ord(found[1])), text)
    for sign, said in _SIGNS:
        text = text.replace(sign, said)
    text = _COMMAND.sub(lambda found: _WORDS.get(found[1], ""), _MATH.sub("", text))
    text = text.replace("{", "").replace("}", "")
    return re.sub("[\ue000-\ue07f]", lambda found: chr(ord(found[0]) - 0xE000), text)


def _accented(found: re.Match[str]) -> str:
    letter = found[2] or found[3]
    return unicodedata.normalize("NFC", letter + _COMBINING[found[1]])
