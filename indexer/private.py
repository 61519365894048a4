"""Folders of the state, in which are people's words: for their owner alone."""

from pathlib import Path

OWNER_ALONE = 0o700


def private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are not there; one that is stays as it is."""
    if not folder.parent.is_dir():
        private_folder(folder.parent)
    folder.mkdir(OWNER_ALONE, exist_ok=True)
