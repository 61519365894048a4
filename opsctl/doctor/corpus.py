"""The documents and the index as the checks see them, each looked at once."""

from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from core.errors import UserError
from core.settings import Settings

if TYPE_CHECKING:
    from indexer.store.store import Store
    from indexer.sync.documents import Listing


@dataclass(frozen=True)
class Indexed:
    """What the index holds; `problems` and `gaps` are reasons by path.

    `unread` and `behind` count files, new or changed ones and all that a reindex would deal with;
    `unknown` is why these are not known.
    """

    embedder: str
    documents: int
    passages: int
    waiting: int  # rows and sentences without a vector
    failed: str  # why
    problems: dict[str, str]
    gaps: dict[str, str]
    unread: int = 0
    behind: int = 0
    unknown: UserError | None = None


class Corpus:
    """Opens the store once for all checks."""

    def __init__(self, config: Settings) -> None:
        self.config = config

    @cached_property
    def listing(self) -> "Listing":
        """The documents folder; raises UserError where it cannot be read."""
        from indexer.sync.documents import list_documents

        return list_documents(self.config.documents)

    @cached_property
    def exists(self) -> bool:
        from indexer.store.folder import IndexFolder

        return IndexFolder(self.config.index).store_path() is not None

    @property
    def indexed(self) -> Indexed:
        """What the index holds; raises UserError where there is none, or none that is sound."""
        found = self._indexed
        if isinstance(found, UserError):
            raise found
        return found

    @cached_property
    def _indexed(self) -> Indexed | UserError:
        from indexer.store.folder import IndexFolder

        try:
            with closing(IndexFolder(self.config.index).open()) as store:
                if damage := store.damage():
                    return UserError(f"damaged: {damage}", "opsctl reindex --rebuild")
                return self._read(store)
        except UserError as error:
            return error

    def _read(self, store: "Store") -> Indexed:
        from indexer.store.vector_rows import FAILED
        from indexer.sync.plan import make_plan

        counts = store.counts()
        unread = behind = 0
        unknown = None
        try:
            plan = make_plan(self.config.documents, self.listing, store)
            unread, behind = plan.work, plan.work + len(plan.removed)
        except UserError as error:
            unknown = error
        return Indexed(
            store.identity().embedder,
            counts.documents,
            counts.chunks,
            store.count_vectors()[1],
            store.meta().get(FAILED) or "",
            {path: row[1] for path, row in store.problems().items()},
            store.gaps(),
            unread,
            behind,
            unknown,
        )
