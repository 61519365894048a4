"""Names that begin as settings do, and are none."""

import dataclasses
from collections.abc import Iterable

from core.settings import PREFIX, Settings


def in_words(names: Iterable[str]) -> str:
    """Each with the setting that may be meant."""
    from difflib import get_close_matches

    known = [PREFIX + item.name.upper() for item in dataclasses.fields(Settings)]
    near = {name: get_close_matches(name, known, n=1, cutoff=0.8) for name in names}
    return ", ".join(f"{name} (is it {own[0]}?)" if own else name for name, own in near.items())
