"""A stand-in for the program `vllm`, 0.29: python -m tests.fakes.vllm serve MODEL OPTIONS.

Its replies and its log have the form of recorded ones. Tokens are letters that depend on the place
and on whether an adapter answers. VLLM_PLAY says what is wrong: "ignores" the adapters, "drops"
them in decoding, or the name of a recorded log to fail with.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

LOGS = Path(__file__).with_name("server_logs") / "vllm"
STOPPED = (LOGS / "stopped.log").read_text().splitlines()
LETTERS = "абвгдежзиклмнопрстуфхцчшщэюя"
WORD = "Складом заведует Иванов. "
PLAY = os.environ.get("VLLM_PLAY", "")


def main() -> None:
    """Serve until SIGTERM, or end as a recorded failure did."""
    options = read_options()
    if PLAY not in ("", "ignores", "drops"):
        sys.stdout.write((LOGS / f"{PLAY}.log").read_text())
        raise SystemExit(1)
    subprocess.Popen(["sleep", "600"])  # its engine
    Handler.options = options
    server = ThreadingHTTPServer((options.host, options.port), Handler)
    for line in STOPPED:
        sys.stdout.write(f"{line}\n")
        if "Application startup complete" in line:
            break
    sys.stdout.flush()
    signal.signal(signal.SIGTERM, lambda number, frame: os._exit(0))
    server.serve_forever()


def read_options() -> Any:
    """Those of the real one that are used; one that it does not know ends it."""
    parser = argparse.ArgumentParser("vllm serve")
    parser.add_argument("verb", choices=["serve"])
    parser.add_argument("model")
    for name in ("served-model-name", "host", "gpu-memory-utilization"):
        parser.add_argument(f"--{name}")
    for name in (
        "port", "max-model-len", "max-num-seqs", "max-num-batched-tokens", "shutdown-timeout",
        "max-loras", "max-lora-rank",
    ):  # fmt: skip
        parser.add_argument(f"--{name}", type=int)
    for name in ("enable-prefix-caching", "disable-uvicorn-access-log", "enable-lora"):
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("--lora-modules", nargs="+", default=[])
    return parser.parse_args()


class Handler(BaseHTTPRequestHandler):
    """The routes that are asked."""

    options: Any
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing: its access log is off."""

    def do_GET(self) -> None:
        """Health, models and metrics."""
        gauges = 'vllm:num_requests_running{engine="0"} 0.0\n'
        plain = {"/health": b"", "/metrics": gauges.encode()}
        if self.path in plain:
            self.reply(200, plain[self.path], "text/plain")
        elif not self.is_allowed():
            self.tell(401, {"error": "Unauthorized"})
        elif self.path == "/v1/models":
            self.tell(200, {"object": "list", "data": self.models()})
        else:
            self.tell(404, {"detail": "Not Found"})

    def do_POST(self) -> None:
        """Tokens, completions and chats."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.is_allowed():
            self.tell(401, {"error": "Unauthorized"})
        elif body["model"] not in [model["id"] for model in self.models()]:
            message = f"The model `{body['model']}` does not exist."
            told = {"message": message, "type": "NotFoundError", "param": "model", "code": 404}
            self.tell(404, {"error": told})
        elif self.path == "/tokenize":
            ids = [1, *map(ord, body["prompt"])]
            self.tell(200, {"count": len(ids), "tokens": ids, "token_strs": None})
        elif self.path == "/v1/completions":
            self.stream(self.continued(body))
        else:
            self.stream(self.chat(body))

    def is_allowed(self) -> bool:
        """The key guards /v1 only."""
        key = os.environ.get("VLLM_API_KEY")
        told = self.headers.get("Authorization")
        return not (key and self.path.startswith("/v1")) or told == f"Bearer {key}"

    def models(self) -> list[dict[str, Any]]:
        """The base, and its adapters, of which it tells less."""
        base, window = self.options.served_model_name, self.options.max_model_len
        names = [text.partition("=")[0] for text in self.options.lora_modules]
        adapters = [{"id": name, "parent": base, "max_model_len": None} for name in names]
        return [{"id": base, "parent": None, "max_model_len": window}, *adapters]

    def continued(self, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Letters, one a chunk, with their numbers."""
        prompt = body["prompt"]
        length = 1 + len(prompt) if isinstance(prompt, str) else len(prompt)
        adapted = body["model"] not in ("zero", self.options.served_model_name)
        for place in range(body["max_tokens"]):
            acts = adapted and PLAY != "ignores" and not (PLAY == "drops" and place)
            letter = LETTERS[(7 * (length + place) + 5 * acts) % len(LETTERS)]
            last = place + 1 == body["max_tokens"]
            chances = {"tokens": [letter], "token_logprobs": [-0.1 if acts else -2.0]}
            yield {
                "index": 0, "text": letter, "logprobs": chances, "token_ids": [ord(letter)],
                "finish_reason": "length" if last else None,
            }  # fmt: skip

    def chat(self, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """A sentence."""
        yield {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}
        yield {"index": 0, "delta": {"content": WORD}, "finish_reason": "stop"}

    def stream(self, choices: Iterator[dict[str, Any]]) -> None:
        """Events, one a choice."""
        chunks = [{"object": "chunk", "model": "", "choices": [choice]} for choice in choices]
        events = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
        self.reply(200, "".join([*events, "data: [DONE]\n\n"]).encode(), "text/event-stream")

    def tell(self, status: int, payload: object) -> None:
        """Answer in JSON."""
        self.reply(status, json.dumps(payload).encode(), "application/json")

    def reply(self, status: int, body: bytes, kind: str) -> None:
        """Answer at once."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def install(folder: Path, version: str = "0.29.0") -> Path:
    """An environment with the program and a Python that tells its version; the program."""
    (folder / "bin").mkdir(parents=True)
    root = Path(__file__).resolve().parents[2]
    run = f'PYTHONPATH={root} exec {sys.executable} -m tests.fakes.vllm "$@"'
    for name, text in (("vllm", run), ("python", f"echo {version}")):
        (folder / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / "bin" / name).chmod(0o755)
    return folder / "bin" / "vllm"


if __name__ == "__main__":
    main()
