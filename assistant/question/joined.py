"""Latin words that are written together or apart: wifi, Wi-Fi."""

import re

from indexer.search.spelling import is_known
from indexer.store.store import Store

SHORT = 2  # letters of a part
_WORD = re.compile(r"(?<![\w-])[A-Za-z]{4,}(?![\w-])")
_PARTS = re.compile(r"(?<![\w-])([A-Za-z]{2,})[-‐‑]([A-Za-z]{2,})(?![\w-])")


def as_written(store: Store, question: str) -> str:
    """The question with such words as the documents write them, where they do it otherwise."""

    def together(found: re.Match[str]) -> str:
        joined = found[1] + found[2]
        apart = is_known(store, found[1]) and is_known(store, found[2])
        return joined if not apart and is_known(store, joined) else found[0]

    def apart(found: re.Match[str]) -> str:
        word = found[0]
        if is_known(store, word):
            return word
        cuts = range(SHORT, len(word) - SHORT + 1)
        pairs = ((word[:cut], word[cut:]) for cut in cuts)
        return next(
            (f"{one}-{two}" for one, two in pairs if _stand_together(store, one, two)), word
        )

    return _PARTS.sub(together, _WORD.sub(apart, question))


def _stand_together(store: Store, one: str, two: str) -> bool:
    if not (is_known(store, one) and is_known(store, two)):
        return False
    query = "SELECT 1 FROM page WHERE text LIKE ? OR heading LIKE ? LIMIT 1"
    pattern = f"%{one}_{two}%"  # any one character between them
    return store.db.execute(query, (pattern, pattern)).fetchone() is not None
