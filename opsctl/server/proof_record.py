"""The last result of `opsctl verify`, kept for `opsctl status`."""

import json
import time
from dataclasses import asdict, dataclass, field

from core.files import private_folder
from core.settings import Settings


@dataclass(frozen=True)
class Proof:
    """Whether the adapter was applied, on which run of the server, and when (since 1970)."""

    adapter: str
    applied: bool
    server: str = ""
    at: float = field(default_factory=time.time)

    def holds_for(self, adapter: str, server: str) -> bool:
        """Tell whether this run of the server was proven to apply the adapter."""
        return self.is_of(adapter, server) and self.applied

    def was_of(self, adapter: str, server: str) -> bool:
        """Tell whether it holds for an earlier start of this very container."""
        container = server.partition("@")[0]
        earlier = bool(container) and self.server != server
        same = (self.adapter, self.server.partition("@")[0]) == (adapter, container)
        return earlier and same and self.applied

    def is_of(self, adapter: str, server: str) -> bool:
        """Tell whether it speaks of this adapter on this run of a server, which must be known."""
        return bool(server) and (self.adapter, self.server) == (adapter, server)


def read_proof(config: Settings) -> Proof | None:
    """The last result; None when there is none that can be read."""
    try:
        return Proof(**json.loads((config.state / "run" / "proof.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None


def write_proof(config: Settings, proof: Proof) -> None:
    """Remember a result."""
    path = config.state / "run" / "proof.json"
    private_folder(path.parent)
    path.write_text(json.dumps(asdict(proof)))
