"""Servers at the address of the model server that are not as they should be, on 127.0.0.1."""

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODELS = {"object": "list", "data": [{"id": "mistral", "max_model_len": 8192}]}
CHAT = "/v1/chat/completions"
WORDS = ("Складом ", "заведует ", "Иванов ", "[1].")
LONG_LINE = 100_000_000  # bytes without a line's end


@dataclass(frozen=True)
class Reply:
    """What is answered; `pieces` are written one by one, each as a chunk of its own."""

    status: int = 200
    pieces: tuple[bytes, ...] = ()
    kind: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


Answers = Callable[[str, bytes], Reply]  # to a path with a body


def told(payload: object, status: int = 200) -> Reply:
    """A small answer in JSON."""
    return Reply(status, (json.dumps(payload).encode(),))


def refused(status: int, message: str, **more: object) -> Reply:
    """An error in OpenAI's form."""
    return told({"error": {"message": message, **more}}, status)


def streamed(*texts: str) -> bytes:
    """The body of a streamed answer."""
    chunks: list[object] = [{"choices": [{"index": 0, "delta": {"content": t}}]} for t in texts]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    return b"".join(f"data: {json.dumps(c)}\n\n".encode() for c in chunks) + b"data: [DONE]\n\n"


def events(*pieces: bytes, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    return Reply(200, pieces, "text/event-stream", headers)


def well(path: str, body: bytes = b"") -> Reply:
    """A server as it should be."""
    if path == CHAT:
        return events(streamed(*WORDS))
    known = {"/health": told({}), "/v1/models": told(MODELS)}
    return known.get(path) or told({"error": "File Not Found"}, 404)


def chatting(answer: Reply) -> Answers:
    """Well, but for this answer to every chat."""
    return lambda path, body: answer if path == CHAT else well(path)


def always(reply: Reply) -> Answers:
    """The same for every path."""
    return lambda path, body: reply


GZIPPED = events(gzip.compress(streamed(*WORDS)), headers=(("Content-Encoding", "gzip"),))
BY_BYTE = events(*(bytes([byte]) for byte in streamed(*WORDS)))
ENDLESS = events(b"data: ", *(b"x" * 1_000_000 for _ in range(LONG_LINE // 1_000_000)))
PAGE = Reply(200, (b"<!DOCTYPE html><html><title>Welcome</title></html>",), "text/html")


@contextmanager
def answering(answers: Answers) -> Iterator[str]:
    """A server that answers so; its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._reply(answers(self.path, b""))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._reply(answers(self.path, body))

        def log_message(self, *args: object) -> None:
            """Say nothing."""

        def _reply(self, reply: Reply) -> None:
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.kind)
            self.send_header("Transfer-Encoding", "chunked")
            for header in reply.headers:
                self.send_header(*header)
            self.end_headers()
            with suppress(OSError):
                for piece in (*reply.pieces, b""):
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
