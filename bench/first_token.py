"""How soon `opsctl ask` shows the server's first token: python bench/first_token.py.

A server in this process notes when it has written the first token of an answer, and holds the rest
back; `opsctl ask` runs as a person runs it, on a terminal: into a pipe it writes whole answers.
"""

import json
import os
import pty
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNS = 10
INFO = {
    "model_id": "bench",
    "max_input_tokens": 3072,
    "max_total_tokens": 4096,
    "max_concurrent_requests": 16,
}
TEXT = "Корабль выходит в море в мае."
QUESTION = "Когда корабль выходит в море?"


class Server(ThreadingHTTPServer):
    """Answers one question at a time and knows when its first token left."""

    written = 0.0
    shown = threading.Event()


class Handler(BaseHTTPRequestHandler):
    """The routes of TGI that `ask` uses."""

    server: Server

    def do_GET(self) -> None:
        self._reply(json.dumps(INFO).encode() if self.path == "/info" else b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/tokenize":
            words = json.loads(body)["inputs"].split()
            token = {"id": 1, "text": "", "start": 0, "stop": 0}
            self._reply(json.dumps([token] * len(words)).encode())
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(event("в мае ", None))
        self.server.written = time.perf_counter()
        self.server.shown.wait(10)
        self.wfile.write(event("</s>", "мае"))

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def _reply(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def event(text: str, whole: str | None) -> bytes:
    token = {"id": 2, "text": text, "logprob": -0.1, "special": text == "</s>"}
    details = {"finish_reason": "eos_token", "generated_tokens": 2, "seed": None}
    data = {"token": token, "generated_text": whole, "details": details if whole else None}
    return b"data: " + json.dumps(data | {"index": 1}).encode() + b"\n\n"


def measure(server: Server, env: dict[str, str]) -> float:
    """Milliseconds from the first token's leaving the server to its showing in the output."""
    server.shown.clear()
    command = [sys.executable, "-m", "opsctl", "ask", QUESTION]
    screen, terminal = pty.openpty()
    with subprocess.Popen(command, env=env, cwd=ROOT, stdout=terminal) as ask:
        os.close(terminal)
        os.read(screen, 1)
        seen = time.perf_counter()
        server.shown.set()
        with suppress(OSError):  # the terminal's end
            while os.read(screen, 4096):
                pass
        ask.wait()
    os.close(screen)
    return 1000 * (seen - server.written)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        documents = Path(folder) / "documents"
        documents.mkdir()
        (documents / "note.txt").write_text(TEXT, "utf-8")
        env = dict(os.environ) | {
            "OPSCTL_DOCUMENTS": str(documents),
            "OPSCTL_STATE": str(Path(folder) / "var"),
            "OPSCTL_EMBEDDER": "builtin",
            "OPSCTL_ENGINE": "server",
            "OPSCTL_THRESHOLD": "0",
            "OPSCTL_SERVER_URL": f"http://127.0.0.1:{server.server_address[1]}",
        }
        subprocess.run([sys.executable, "-m", "opsctl", "reindex"], env=env, cwd=ROOT, check=True)
        times = [measure(server, env) for _ in range(RUNS)]
        print(f"first token shown after it left the server, ms, {RUNS} runs:")
        print(f"median {statistics.median(times):.1f}, most {max(times):.1f}")
        server.shutdown()


if __name__ == "__main__":
    main()
