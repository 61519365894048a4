"""What the models that lie in a folder have in common: fingerprint, languages."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import UserError
from indexer.embedders.prompts import Prompts
from indexer.models import USE_BUILTIN
from indexer.passages import words

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# Tokens a word. MiniLM on XQuAD: 1.2 in English, at most 2.75; 6.2 in Russian, at least 2.9.
FERTILITY = 3.0


def cannot_load(folder: Path, error: Exception) -> UserError:
    """What a model's loader says of a folder."""
    message = f"the embedder in {folder} cannot be loaded: {error}"
    return UserError(message, f"download it again, or {USE_BUILTIN}")


def revision(folder: Path, prompts: Prompts) -> str:
    """A fingerprint: names and sizes of the files, content of the small ones, the prompts."""
    sha = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in inside.parts):
            size = path.stat().st_size
            sha.update(f"{inside} {size}\n".encode())
            if size < 1 << 20:
                sha.update(path.read_bytes())
    if any(prompts):
        sha.update("\n".join(prompts).encode())
    return sha.hexdigest()[:16]


def knows(tokenizer: "Tokenizer | None", text: str) -> bool:
    """A tokenizer that cuts the words into letters has not seen their language."""
    if tokenizer is None:
        return True
    tokens = tokenizer.encode(text, add_special_tokens=False).ids
    return len(tokens) <= FERTILITY * len(words.words(text))
