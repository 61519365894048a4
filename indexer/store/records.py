"""What the store gives back."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SourceFile:
    """A readable document; `path` is relative to the documents folder, with forward slashes."""

    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Passage:
    """A chunk read back from the store, with its place in the documents."""

    chunk_id: int
    file: str
    page: int | None
    heading: str | None
    text: str
    date: str
    facts: str
    recognised: int | None  # by OCR: how sure that is, in per cent


@dataclass(frozen=True)
class Known:
    """A document as it was when it was read, with its SHA-256 and that time in seconds."""

    file: SourceFile
    sha256: str
    indexed_at: float


@dataclass(frozen=True)
class Counts:
    """How much the store holds."""

    documents: int
    chunks: int
