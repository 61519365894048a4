"""The record of what was downloaded: repository, branch, commit, and the hash of every file."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files import private_folder, write_whole
from indexer.sync.documents import digest

BLOCK = 1 << 20


@dataclass(frozen=True)
class File:
    """A file of a repository: size in bytes, and the SHA-256 (large files) or git's blob id."""

    path: str
    size: int
    sha256: str | None
    blob: str | None

    @property
    def hash(self) -> str:
        """The hash that the Hub gives this file; it is also its ETag."""
        return self.sha256 or self.blob or ""

    def has_size(self, path: Path) -> bool:
        """Tell whether the file is there in its whole length."""
        return path.is_file() and path.stat().st_size == self.size

    def is_at(self, path: Path) -> bool:
        """Tell by the hash whether this very file is there."""
        if not self.has_size(path):
            return False
        return (digest(path) if self.sha256 else git_blob(path)) == self.hash


@dataclass(frozen=True)
class Entry:
    """A repository at one commit."""

    repo: str
    branch: str
    commit: str
    files: tuple[File, ...]
    repo_type: str = "model"

    @property
    def bytes(self) -> int:
        return sum(file.size for file in self.files)

    def has_sizes(self, folder: Path) -> bool:
        """Tell whether all files are there, by their sizes."""
        return all(file.has_size(folder / file.path) for file in self.files)


@dataclass
class Manifest:
    """`installed`: what is whole and was verified; `pending`: what a run is to bring."""

    path: Path
    installed: dict[str, Entry] = field(default_factory=dict)
    pending: dict[str, Entry] = field(default_factory=dict)

    def known(self, name: str) -> Entry | None:
        """The entry to go by: the one being fetched, else the one in place."""
        return self.pending.get(name) or self.installed.get(name)

    def save(self) -> None:
        """Write it whole or not at all."""
        private_folder(self.path.parent)
        value = {
            part: {name: asdict(entry) for name, entry in getattr(self, part).items()}
            for part in ("installed", "pending")
        }
        write_whole(self.path, json.dumps(value, indent=1))


def load(path: Path) -> Manifest:
    """Read the manifest; an absent one is empty. Raise UserError when it is damaged."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        return Manifest(path, _entries(value["installed"]), _entries(value["pending"]))
    except FileNotFoundError:
        return Manifest(path)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror})", f"ls -l {path}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"the record of downloads {path} is damaged",
            f"rm {path}; opsctl download (what is here already is not fetched again)",
        ) from error


def _entries(value: Mapping[str, Any]) -> dict[str, Entry]:
    return {
        name: Entry(
            str(item["repo"]),
            str(item["branch"]),
            str(item["commit"]),
            tuple(File(**file) for file in item["files"]),
            str(item.get("repo_type", "model")),
        )
        for name, item in value.items()
    }


def git_blob(path: Path) -> str:
    """The id that git gives the file's content."""
    sha = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            sha.update(block)
    return sha.hexdigest()
