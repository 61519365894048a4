"""What a model wants to read before a question and before a passage."""

import json
from pathlib import Path
from typing import NamedTuple


class Prompts(NamedTuple):
    """The two prefixes, with their spaces; empty for a model that knows none."""

    query: str = ""
    passage: str = ""


_E5 = Prompts("query: ", "passage: ")
_FRIDA = Prompts("search_query: ", "search_document: ")
# By the last word of a model's name, for those whose files do not say it; from their model cards.
KNOWN = {
    "multilingual-e5-small": _E5,
    "multilingual-e5-base": _E5,
    "multilingual-e5-large": _E5,
    "frida": _FRIDA,
    "berta": _FRIDA,
}
# As sentence-transformers looks them up, and as FRIDA's family names them.
_QUERY = ("query", "search_query")
_PASSAGE = ("document", "passage", "corpus", "search_document")


def prompts_of(name: str, folder: Path | None = None) -> Prompts:
    """The prefixes of a model: what its own files say, else what is known of its name."""
    told = _told(folder) if folder else {}
    query = next((told[key] for key in _QUERY if told.get(key)), "")
    passage = next((told[key] for key in _PASSAGE if told.get(key)), "")
    if query or passage:
        return Prompts(query, passage)
    return KNOWN.get(name.replace("--", "/").rstrip("/").rpartition("/")[2].lower(), Prompts())


def _told(folder: Path) -> dict[str, str]:
    path = folder / "config_sentence_transformers.json"
    try:
        told = json.loads(path.read_text(encoding="utf-8")).get("prompts") or {}
        return {str(key): str(value) for key, value in told.items()}
    except (OSError, ValueError, AttributeError):
        return {}
