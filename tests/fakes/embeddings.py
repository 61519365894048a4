"""A server of OpenAI's /v1/embeddings: vectors of hashed stems, and the faults of real servers."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from indexer.embedders import HashedStems


class EmbeddingServer(ThreadingHTTPServer):
    """What it was asked for, and how it is to answer: with a `fault`, or rightly."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fault = ""
        self.busy = 0  # so many answers of 503 come first
        self.key = ""
        self.models = ["stems"]
        self.dimension = HashedStems.dimension
        self.asked: list[dict[str, Any]] = []
        self.texts: list[str] = []
        self.hold_after: int | None = None  # texts; the next request alone waits for `released`
        self.held = threading.Event()
        self.released = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of those who did not wait for their answer."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def embedding_server() -> Iterator[EmbeddingServer]:
    """One that runs for the length of a test."""
    with EmbeddingServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.released.set()
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: EmbeddingServer

    def do_GET(self) -> None:
        self._answer(200, {"data": [{"id": name} for name in self.server.models]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server = self.server
        if server.hold_after is not None and len(server.texts) >= server.hold_after:
            server.hold_after = None
            server.held.set()
            server.released.wait()
        server.asked.append(body)
        if self.path != "/v1/embeddings":
            self.send_error(404)
        elif server.key and self.headers["Authorization"] != f"Bearer {server.key}":
            self._answer(401, {"error": {"message": f"no: {self.headers['Authorization']}"}})
        elif server.busy:
            server.busy -= 1
            self._answer(503, {"error": "loading"})
        elif server.fault == "refuses":
            said = f"input is too long, {self.headers['Authorization']}"
            self._answer(400, {"error": {"message": said, "type": "invalid_request_error"}})
        elif server.fault == "html":
            self._answer(200, "<html>nginx</html>")
        elif server.fault == "hangs up":
            self.close_connection = True
        else:
            server.texts += body["input"]
            self._answer(200, {"data": self._vectors(body["input"])})

    def _vectors(self, texts: list[str]) -> list[dict[str, Any]]:
        rows = HashedStems().encode(texts)[:, : self.server.dimension].tolist()
        if self.server.fault == "nan":
            rows[-1][0] = float("nan")
        elif self.server.fault == "fewer":
            rows = rows[:-1]
        elif self.server.fault == "null":
            rows[-1] = None
        found = [{"index": index, "embedding": row} for index, row in enumerate(rows)]
        return found[::-1]  # the order is the index's

    def _answer(self, status: int, document: object) -> None:
        data = (document if isinstance(document, str) else json.dumps(document)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.server.fault != "trickles":
            self.wfile.write(data)
            return
        with suppress(ConnectionError):
            for byte in data:
                self.wfile.write(bytes((byte,)))
                if self.server.released.wait(0.02):
                    return

    def log_message(self, *args: object) -> None:
        """Say nothing."""
