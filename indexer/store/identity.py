"""What an index is made with; passages and vectors of two identities do not mix."""

import json
from dataclasses import asdict, dataclass, replace

from core.errors import EmbedderMismatch
from indexer import readers
from indexer.models import SERVER
from indexer.passages import chunks, words

VERSIONS = f"words {words.VERSION}, chunks {chunks.VERSION}, readers {readers.VERSION}"


@dataclass(frozen=True)
class Identity:
    """Embedder, passage size, and the versions of the code that cuts and stems."""

    embedder: str
    revision: str
    dimension: int
    chunk_tokens: int
    chunk_overlap: int
    versions: str = VERSIONS

    def dump(self) -> str:
        """As JSON, for the store."""
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, text: str) -> "Identity":
        """Read it back."""
        return cls(**json.loads(text))

    def is_older(self, wanted: "Identity") -> bool:
        """Tell whether only the release of this program differs: all is to be read again."""
        return self != wanted and replace(self, versions=wanted.versions) == wanted

    def require(self, wanted: "Identity") -> None:
        """Raise EmbedderMismatch when this index is not what is wanted."""
        pairs = zip(asdict(self).items(), asdict(wanted).values(), strict=True)
        differing = [
            f"{name.replace('_', ' ')} {was} (now {now})"
            for (name, was), now in pairs
            if was != now
        ]
        if differing:
            raise EmbedderMismatch(
                f"the index was made with {', '.join(differing)}", "opsctl reindex --rebuild"
            )

    def require_asked(self, wanted: str | None) -> None:
        """Raise EmbedderMismatch when another embedder is asked for by name."""
        if wanted and wanted != self.embedder.removeprefix(f"{SERVER}:"):
            self.require(replace(self, embedder=wanted))

    def require_embedder(self, name: str, revision: str, dimension: int) -> None:
        """Raise EmbedderMismatch when questions and passages would have vectors of two kinds.

        An index of an earlier release is searched, until the next reindex has made it again.
        """
        self.require(replace(self, embedder=name, revision=revision, dimension=dimension))
