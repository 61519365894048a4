"""A Hub on 127.0.0.1 that speaks what huggingface_hub asks of the real one.

In a test: `with FakeHub() as hub: hub.push(repo, branch, files)`, then OPSCTL_HF_ENDPOINT=hub.url.
As a program, with the three repositories that opsctl downloads: python -m tests.fakes.hub --port N
"""

import argparse
import contextlib
import hashlib
import threading
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from types import TracebackType

from tests.fakes import hub_files
from tests.fakes.hub_files import Files
from tests.fakes.hub_handler import Handler


@dataclass(frozen=True)
class Seen:
    """A request: what was asked, and with which token."""

    method: str
    path: str
    range: str | None
    authorization: str | None


@dataclass
class Fault:
    """What goes wrong with requests whose path holds `part`, so many times."""

    part: str
    times: int
    status: int = 0
    cut_after: int | None = None  # bytes of the body
    corrupt: bool = False
    reached: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event | None = None  # wait for it after `cut_after` bytes


class FakeHub:
    """Repositories with branches that move, faults on demand, and a record of the requests."""

    def __init__(self, port: int = 0) -> None:
        self.branches: dict[str, dict[str, str]] = {}
        self.commits: dict[str, dict[str, Files]] = {}
        self.closed: dict[str, str] = {}  # repository: the token that opens it
        self.gated: set[str] = set()
        self.announced: dict[str, int] = {}  # file: a size that it is said to have
        self.seen: list[Seen] = []
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._server.hub = self  # type: ignore[attr-defined]

    def __enter__(self) -> "FakeHub":
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for fault in self._faults:
            if fault.go_on:
                fault.go_on.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """What OPSCTL_HF_ENDPOINT is to be."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def push(self, repo: str, branch: str, files: Files) -> str:
        """Make a commit with these files the branch's newest; return its id."""
        sha = hashlib.sha1(branch.encode(), usedforsecurity=False)
        for path, content in sorted(files.items()):
            sha.update(path.encode() + hashlib.sha1(content, usedforsecurity=False).digest())
        commit = sha.hexdigest()
        self.commits.setdefault(repo, {})[commit] = files
        self.branches.setdefault(repo, {})[branch] = commit
        return commit

    def push_all(self, weights: int = 40_000) -> None:
        """The model (with so many bytes of weights), the adapter and the embedder."""
        self.push(hub_files.MODEL, hub_files.MODEL_BRANCH, hub_files.model(weights))
        self.push(hub_files.ADAPTER, "main", hub_files.adapter())
        self.push(hub_files.EMBEDDER, "main", hub_files.embedder())

    def fail(self, part: str, status: int, times: int = 1) -> None:
        """Answer requests whose path holds `part` with an error status."""
        self._faults.append(Fault(part, times, status=status))

    def cut(self, part: str, after: int, times: int = 1) -> None:
        """Break the connection after so many bytes of a body."""
        self._faults.append(Fault(part, times, cut_after=after))

    def hold(self, part: str, after: int) -> Fault:
        """Stop after so many bytes of a body until `go_on` is set; `reached` tells of it."""
        fault = Fault(part, 1, cut_after=after, go_on=threading.Event())
        self._faults.append(fault)
        return fault

    def corrupt(self, part: str, times: int = 1) -> None:
        """Send a body of the right length with a wrong byte."""
        self._faults.append(Fault(part, times, corrupt=True))

    def fault(self, path: str, body: bool) -> Fault | None:
        """Take the fault that this request (its body, or its status) is to meet."""
        with self._lock:
            for fault in self._faults:
                if fault.times and fault.part in path and body == (fault.status == 0):
                    fault.times -= 1
                    return fault
        return None

    def asked(self, part: str, method: str = "GET") -> list[Seen]:
        """The requests so far whose path holds `part`."""
        return [seen for seen in self.seen if part in seen.path and seen.method == method]

    def serve_forever(self) -> None:
        """Serve in this thread until interrupted."""
        self._server.serve_forever()


def main() -> None:
    """Serve the three repositories."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--weights", type=int, default=40_000, help="bytes of the model's weights")
    options = parser.parse_args()
    hub = FakeHub(options.port)
    hub.push_all(options.weights)
    print(hub.url, flush=True)  # noqa: T201  # whoever started it reads the address
    with contextlib.suppress(KeyboardInterrupt):
        hub.serve_forever()


if __name__ == "__main__":
    main()
