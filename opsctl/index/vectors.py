"""What `reindex`, `status` and `doctor` say of an index's vectors."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from core.lock import is_held
from core.settings import Settings
from core.text import counted
from indexer.models import BUILTIN
from indexer.store.folder import IndexFolder
from indexer.store.store import Store
from indexer.store.vector_rows import FAILED
from opsctl.terminal import output

GOES_ON = "opsctl reindex, or the bot when it starts, continues with them"
HINT = 'to let the vectors count: OPSCTL_DENSE_WEIGHT=0.3 opsctl ask "…" (or that line in .env)'


@dataclass(frozen=True)
class Vectors:
    """How many rows and sentences have a vector, how many wait, and what vectors count for.

    `weight` is None until it is found; `given` tells that a person set it, not the index, and
    `usual` that the index is too small to find its own. `error` is why the last run ended early.
    """

    made: int
    waiting: int
    being_made: bool
    weight: float | None
    given: bool
    usual: bool
    size: int
    error: str

    @classmethod
    def read(cls, config: Settings) -> "Vectors | None":
        with closing(IndexFolder(config.index).open()) as store:
            return cls.of(store, config)

    @classmethod
    def of(cls, store: Store, config: Settings) -> "Vectors | None":
        """Those of an index; None where it has none and wants none."""
        made, waiting = store.count_vectors()
        if not made + waiting:
            return None
        given, meta = config.dense_weight, store.meta()
        return cls(
            made,
            waiting,
            is_held(store.encoding_lock),
            _found(store) if given is None else given,
            given is not None,
            given is None and bool(meta.get("weight_is_usual")),
            2 * made * store.identity().dimension,
            meta.get(FAILED, ""),
        )

    def show(self, write: Callable[[str], None]) -> None:
        """Write a line of their number and their weight, and how to give them one."""
        write(f"vectors: {self._number()}; {self._worth()}")
        if self.error and not self.being_made:
            write(f"  the last time it failed: {self.error}")
        if self.weight == 0:
            output.note(f"hint: {HINT}")

    def _number(self) -> str:
        whole = counted(self.made + self.waiting, "row or sentence", "rows and sentences")
        if not self.waiting:
            return f"all {whole}, {output.size(self.size)}"
        how = "being made now" if self.being_made else GOES_ON
        return f"{self.made} of {whole}, {how}"

    def _worth(self) -> str:
        if self.weight is None:
            return "words alone are searched until it is known how much they help"
        by = "as OPSCTL_DENSE_WEIGHT says" if self.given else "measured on this index"
        if self.usual:
            by = "the usual one, for the index is too small to measure"
        alone = ": words alone are searched" if self.weight == 0 else ""
        return f"weight {self.weight:g} beside 1 for words, {by}{alone}"


def _found(store: Store) -> float | None:
    if store.identity().embedder == BUILTIN:
        return 0.0
    found = store.meta().get("weight")
    return None if found is None else float(found)
