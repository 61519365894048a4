"""A model's folder: its fingerprint."""

import hashlib
from pathlib import Path


def revision(folder: Path) -> str:
    """A fingerprint of a model folder: names and sizes of its files, content of the small ones."""
    sha = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(
            part.startswith(".") for part in path.parts[len(folder.parts) :]
        ):
            size = path.stat().st_size
            sha.update(f"{path.relative_to(folder)} {size}\n".encode())
            if size < 1 << 20:
                sha.update(path.read_bytes())
    return sha.hexdigest()[:16]
