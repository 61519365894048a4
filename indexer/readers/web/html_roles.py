"""What an HTML element is for, by its tag and attributes."""

from __future__ import annotations

import re
from collections.abc import Mapping

Attributes = Mapping[str, str]

HEADINGS = {"title": 0, "h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
# Elements that part the text before them from the text behind them.
PARTS = frozenset(
    {"p", "div", "section", "article", "main", "aside", "ul", "ol", "menu", "li", "hr", "dl"}
    | {"dt", "dd", "blockquote", "pre", "figure", "figcaption", "table", "caption", "tr", "td"}
    | {"th", "address", "fieldset", "legend", "form", "details", "summary", "header", "footer"}
    | {"nav", "body", "html", "label", "textarea", "select", "option", "optgroup", "center"}
    | set(HEADINGS)
)
_SKIPPED = frozenset(
    {"script", "style", "noscript", "template", "svg", "iframe", "canvas", "object"}
    | {"datalist", "dialog"}
)
_BY_TAG = {
    **dict.fromkeys(("article", "main", "section", "blockquote"), "scope"),
    **{"pre": "pre", "header": "banner", "footer": "edge", "aside": "edge", "nav": "menu"},
    **{"button": "asks", "summary": "summary", "details": "details", "caption": "caption"},
    **{"dt": "term", "dd": "meaning", "label": "label", "textarea": "value", "option": "value"},
    **{"b": "bold", "strong": "bold"},
}
_BY_ARIA = {
    **{"navigation": "menu", "banner": "banner", "contentinfo": "edge", "complementary": "edge"},
    **{"tab": "asks", "tabpanel": "panel"},
}
_BY_NAME = {"header": "banner", "footer": "edge", "sidebar": "edge", "breadcrumbs": "menu"}
_TOGGLES = frozenset(("collapse", "tab", "pill"))
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_PANEL_CLASS = re.compile(
    r"(?:^|\s)(?:collapse|panel|tab|tab-?pane|tab-?panel|tab-?content|spoiler"
    r"|(?:accordion|faq|spoiler|toggle|tabs?)[-_](?:\S*[-_])?"
    r"(?:body|content|panel|pane|collapse|answer|text))(?:\s|$)",
    re.IGNORECASE,
)


def role_of(tag: str, attributes: Attributes) -> str:
    """One word, "" for what only holds text; "hidden" may still be shown by a button."""
    if tag in _SKIPPED:
        return "skipped"
    if not attributes and tag != "option":
        return _BY_TAG.get(tag, "")
    if "hidden" in attributes or _HIDDEN_STYLE.search(attributes.get("style") or ""):
        return "hidden"
    if tag == "option":
        return "value" if "selected" in attributes else "skipped"
    if _is_control(attributes):
        return "asks"
    role = _BY_ARIA.get(attributes.get("role") or "") or _BY_TAG.get(tag)
    if role is None and tag in ("div", "section", "ul"):
        role = _by_name(attributes)
    if role is None and tag == "a" and _leads_away(attributes.get("href") or ""):
        role = "link"
    return role or ""


def targets(attributes: Attributes) -> list[str]:
    """The ids of what a button shows, and its own, by which a panel may name it."""
    found = (attributes.get("aria-controls") or "").split()
    for name in ("data-bs-target", "data-target", "href"):
        value = attributes.get(name) or ""
        if value.startswith("#") and len(value) > 1:
            found.append(value[1:])
    if attributes.get("role") == "tab" and attributes.get("id"):
        found.append(attributes["id"])
    return found


def is_panel(attributes: Attributes) -> bool:
    """Whether this is by its class what a tab or an accordion shows."""
    names = attributes.get("class") or ""
    return "navbar" not in names and _PANEL_CLASS.search(names) is not None


def _is_control(attributes: Attributes) -> bool:
    toggle = attributes.get("data-bs-toggle") or attributes.get("data-toggle")
    return toggle in _TOGGLES or ("aria-controls" in attributes and "aria-expanded" in attributes)


def _by_name(attributes: Attributes) -> str | None:
    if is_panel(attributes):
        return "panel"
    names = (attributes.get("class") or "").lower().split()
    if "sidebar" in names or "breadcrumbs" in names or "breadcrumb" in names:
        return "edge"
    return _BY_NAME.get((attributes.get("id") or "").lower())


def _leads_away(address: str) -> bool:
    return bool(address) and not address.startswith(("tel:", "mailto:"))
