"""The index folder: the store in use, the one being rebuilt, and the change from one to the other.

var/index/current        the name of the store in use
var/index/building       the name of the store a rebuild is filling
var/index/lock           who is writing
var/index/store-…/       store.sqlite and vectors.faiss
"""

import json
import secrets
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from indexer import chunks, words
from indexer.errors import EmbedderMismatch, NoIndex
from indexer.store import Store

VERSIONS = f"words {words.VERSION}, chunks {chunks.VERSION}"


@dataclass(frozen=True)
class Identity:
    """What an index is made with; vectors and passages of two identities do not mix."""

    embedder: str
    revision: str
    dimension: int
    chunk_tokens: int
    chunk_overlap: int
    versions: str = VERSIONS

    def dump(self) -> dict[str, str]:
        """As rows of the store's meta table."""
        return {"identity": json.dumps(asdict(self))}

    @classmethod
    def of(cls, store: Store) -> "Identity":
        """Read it back."""
        return cls(**json.loads(store.meta()["identity"]))


class IndexFolder:
    """The folder and its two pointers, each changed by one rename."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def lock_path(self) -> Path:
        """The writer's lock file."""
        return self.path / "lock"

    def store_path(self, pointer: str = "current") -> Path | None:
        """The folder of the store in use (or being built), if there is one."""
        try:
            name = (self.path / pointer).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        folder = self.path / name
        return folder if (folder / "store.sqlite").is_file() else None

    def open(self, pointer: str = "current") -> Store:
        """Open the store in use; raise NoIndex when there is none."""
        folder = self.store_path(pointer)
        if folder is None:
            raise NoIndex("there is no index yet", "opsctl reindex")
        return Store(folder / "store.sqlite")

    def create(self, identity: Identity, pointer: str) -> Store:
        """Make an empty store and point at it."""
        folder = self.path / f"store-{secrets.token_hex(4)}"
        folder.mkdir(parents=True)
        store = Store.create(folder / "store.sqlite", identity.dump())
        self._point(pointer, folder.name)
        return store

    def promote(self) -> None:
        """Put the rebuilt store, if there is one, in the place of the one in use."""
        built = self.store_path("building")
        if built:
            self._point("current", built.name)
            self.discard_building()

    def discard_building(self) -> None:
        """Forget the store that a rebuild was filling, unless it is in use by now."""
        (self.path / "building").unlink(missing_ok=True)
        self.sweep()

    def sweep(self) -> None:
        """Delete stores that nothing points at: replaced, given up, or cut short at their start."""
        kept = {self.store_path("current"), self.store_path("building")}
        for folder in self.path.glob("store-*"):
            if folder not in kept:
                shutil.rmtree(folder, ignore_errors=True)

    def _point(self, pointer: str, name: str) -> None:
        draft = self.path / f"{pointer}.new"
        draft.write_text(name + "\n", encoding="utf-8")
        draft.replace(self.path / pointer)


def recorded_embedder(index: Path) -> str | None:
    """The embedder that the index in use was made with; None when there is none."""
    folder = IndexFolder(index)
    if folder.store_path() is None:
        return None
    store = folder.open()
    try:
        return Identity.of(store).embedder
    finally:
        store.close()


def require_same(made: Identity, wanted: Identity) -> None:
    """Raise EmbedderMismatch when an index was made with something else."""
    pairs = zip(asdict(made).items(), asdict(wanted).values(), strict=True)
    differing = [
        f"{name.replace('_', ' ')} {was} (now {now})" for (name, was), now in pairs if was != now
    ]
    if differing:
        raise EmbedderMismatch(
            f"the index was made with {', '.join(differing)}", "opsctl reindex --rebuild"
        )
