"""Formulas of Word as one line of text: (a+b)/2, x^2, √(x), ∑_(i=1)^n x."""

from __future__ import annotations

from typing import Any

from indexer.readers.word.names import MATH, T

_M_T, _M_VAL = MATH + "t", MATH + "val"
_SIMPLE = {  # in order: what stands before each part of the structure
    "f": (("num", ""), ("den", "/")),
    "sSup": (("e", ""), ("sup", "^")),
    "sSub": (("e", ""), ("sub", "_")),
    "sSubSup": (("e", ""), ("sub", "_"), ("sup", "^")),
    "limLow": (("e", ""), ("lim", "_")),
    "limUpp": (("e", ""), ("lim", "^")),
}


def linear(element: Any) -> str:
    """The text of a formula, or of a part of one."""
    return "".join(map(_one, element))


def _one(element: Any) -> str:
    if element.tag in (_M_T, T):
        return element.text or ""
    name = element.tag.removeprefix(MATH)
    if name.endswith("Pr"):
        return ""
    if name in _SIMPLE:
        return "".join(mark + _group(element, part) for part, mark in _SIMPLE[name])
    match name:
        case "rad":
            degree = _inside(element, "deg")
            return f"√({degree}&{_inside(element, 'e')})" if degree else _root(element)
        case "nary":
            sign = _property(element, "chr", "∫")
            limits = (
                mark + _group(element, part)
                for part, mark in (("sub", "_"), ("sup", "^"))
                if _inside(element, part)
            )
            return f"{sign}{''.join(limits)} {_inside(element, 'e')}"
        case "d":
            parts = _property(element, "sepChr", "|").join(
                linear(part) for part in element.iterfind(MATH + "e")
            )
            return _property(element, "begChr", "(") + parts + _property(element, "endChr", ")")
        case "func":
            return f"{_inside(element, 'fName')} {_inside(element, 'e')}"
        case "m":
            rows = (", ".join(map(linear, line)) for line in element.iterfind(MATH + "mr"))
            return "; ".join(rows)
    return linear(element)


def _root(element: Any) -> str:
    return f"√({_inside(element, 'e')})"


def _inside(element: Any, part: str) -> str:
    found = element.find(MATH + part)
    return "" if found is None else linear(found)


def _group(element: Any, part: str) -> str:
    """A part, in brackets where it is more than a number or a name."""
    text = _inside(element, part)
    return text if text.replace(",", "").replace(".", "").isalnum() else f"({text})"


def _property(element: Any, name: str, default: str) -> str:
    found = element.find(f"{MATH}{element.tag.removeprefix(MATH)}Pr/{MATH}{name}")
    return default if found is None else found.get(_M_VAL, "")
