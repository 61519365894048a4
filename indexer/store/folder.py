"""The index folder: the store in use, the one being rebuilt, and the change from one to the other.

var/index/current        the name of the store in use
var/index/building       the name of the store a rebuild is filling
var/index/lock           who is writing
var/index/store-…/       store.sqlite and vectors.faiss
"""

import os
import secrets
import shutil
from contextlib import closing, suppress
from pathlib import Path

from core.errors import NoIndex, UserError
from core.files import access_hint
from indexer.store.identity import Identity
from indexer.store.store import Store


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
        except (FileNotFoundError, NotADirectoryError):
            return None
        except PermissionError as error:
            raise UserError(f"no permission to read {self.path}", access_hint(self.path)) from error
        folder = self.path / name
        return folder if (folder / "store.sqlite").is_file() else None

    def open(self, pointer: str = "current", *, to_write: bool = False) -> Store:
        """Open the store in use; raise NoIndex when there is none."""
        folder = self.store_path(pointer)
        if folder is None:
            raise NoIndex("there is no index yet", "opsctl reindex")
        try:
            return Store(folder / "store.sqlite", to_write)
        except UserError:
            if self.store_path(pointer) == folder:
                raise
            return self.open(pointer, to_write=to_write)  # replaced at this very moment

    def open_for_writing(self, identity: Identity, rebuild: bool) -> Store:
        """Open the store that a reindex goes on with, or make one.

        An index of an earlier release is made again beside the old. Raises UserError when it was
        made with something else and no rebuild is asked for.
        """
        self.sweep()
        if self.store_path() is None:
            return self.create(identity, "current")
        unfinished = self._open_unfinished()
        if unfinished is not None:
            if unfinished.identity() == identity:
                return unfinished
            older = unfinished.identity().is_older(identity)
            unfinished.close()
            if not rebuild and not older:
                message = "a rebuild with another embedder or passage size is unfinished"
                hint = "with the present settings instead: opsctl reindex --rebuild"
                raise UserError(message, hint)
            self.discard_building()
        if rebuild:
            return self._create_beside(identity)
        store = self.open(to_write=True)
        if store.identity().is_older(identity):
            store.close()
            return self._create_beside(identity)
        store.identity().require(identity)
        return store

    def _open_unfinished(self) -> Store | None:
        """The store of an interrupted rebuild; a damaged one is given up."""
        if self.store_path("building") is None:
            return None
        try:
            store = self.open("building", to_write=True)
            store.identity()
        except UserError:
            self.discard_building()
            return None
        return store

    def _create_beside(self, identity: Identity) -> Store:
        """A new store, with the threshold that was calibrated for the same embedder."""
        threshold = None
        with suppress(UserError), closing(self.open()) as old:  # it may be damaged
            if old.identity().embedder == identity.embedder:
                threshold = old.meta().get("threshold")
        store = self.create(identity, "building")
        if threshold is not None:
            store.set_meta("threshold", threshold)
        return store

    def create(self, identity: Identity, pointer: str) -> Store:
        """Make an empty store and point at it."""
        folder = self.path / f"store-{secrets.token_hex(4)}"
        folder.mkdir(parents=True)
        store = Store.create(folder / "store.sqlite", identity)
        self._point(pointer, folder.name)
        return store

    def promote(self) -> None:
        """Put the rebuilt store, if there is one, in the place of the one in use.

        That one is deleted by the next run: somebody may be opening it at this moment.
        """
        built = self.store_path("building")
        if built:
            self._point("current", built.name)
            (self.path / "building").unlink(missing_ok=True)

    def discard_building(self) -> None:
        """Forget the store that a rebuild was filling, unless it is in use by now."""
        (self.path / "building").unlink(missing_ok=True)
        self.sweep()

    def sweep(self) -> None:
        """Delete stores that nothing points at: replaced, given up, or cut short at their start.

        Where the pointer to the one in use is lost, the only whole store is that one.
        """
        stores = set(self.path.glob("store-*"))
        building = self.store_path("building")
        if self.store_path("current") is None:
            whole = [path for path in stores - {building} if _identity(path)]
            if len(whole) != 1:
                return
            self._point("current", whole[0].name)
        for folder in stores - {building, self.store_path("current")}:
            shutil.rmtree(folder, ignore_errors=True)

    def _point(self, pointer: str, name: str) -> None:
        draft = self.path / f"{pointer}.new"
        with draft.open("w", encoding="utf-8") as stream:
            stream.write(name + "\n")
            stream.flush()
            os.fsync(stream.fileno())  # an empty pointer after a power cut would lose the index
        draft.replace(self.path / pointer)


def recorded_identity(index: Path) -> Identity | None:
    """What the store that a reindex goes on with was made with; None when there is none."""
    folder = IndexFolder(index)
    unfinished = folder.store_path("building")
    made = _identity(unfinished) if unfinished else None
    if made is None and folder.store_path():
        with closing(folder.open()) as store:
            made = store.identity()
    return made


def _identity(folder: Path) -> Identity | None:
    """What a store was made with; None when it is not whole."""
    if not (folder / "store.sqlite").is_file():
        return None
    try:
        with closing(Store(folder / "store.sqlite")) as store:
            return store.identity()
    except UserError:
        return None
