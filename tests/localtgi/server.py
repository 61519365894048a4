"""localtgi as a process, and what a test asks it over HTTP."""

import http.client
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.forked import ROOT, Forked

READY = re.compile(r"^ready on http://127\.0\.0\.1:(\d+)$")
PATIENCE = 120  # seconds after which a hanging server fails the test


@dataclass(frozen=True)
class Reply:
    """An answer that is not a stream."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        assert self.headers["content-type"] == "application/json", (self.headers, self.body)
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """The body as plain text."""
        assert self.headers["content-type"] == "text/plain; charset=utf-8", self.headers
        return self.body.decode()


class Server:
    """A running localtgi."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.log: list[str] = []
        assert process.stderr is not None
        for line in process.stderr:
            self.log.append(line.rstrip("\n"))
            if ready := READY.match(self.log[-1]):
                self.port = int(ready[1])
                return
        raise AssertionError("\n".join(self.log))

    @property
    def url(self) -> str:
        """Where the server is."""
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One request; a body that is not bytes is sent as JSON."""
        with self._request(method, path, body, headers) as response:
            return Reply(response.status, _lower(response), response.read())

    def generate(
        self, inputs: str, headers: Mapping[str, str] | None = None, **parameters: Any
    ) -> Any:
        """The whole answer to a prompt: its text, and its details with the tokens."""
        body = {"inputs": inputs, "parameters": {"details": True, **parameters}}
        with self.stream("/generate_stream", body, headers) as events:
            steps = [json.loads(event) for event in events]
        assert steps[-1]["generated_text"] is not None, steps[-1]
        details = {**steps[-1]["details"], "tokens": [step["token"] for step in steps]}
        return {"generated_text": steps[-1]["generated_text"], "details": details}

    def refusal(self, inputs: str, **parameters: Any) -> Any:
        """The one event of a request that is refused, or that fails."""
        body = {"inputs": inputs, "parameters": parameters}
        with self.stream("/generate_stream", body) as events:
            [only] = [json.loads(event) for event in events]
        return only

    @contextmanager
    def stream(
        self, path: str, body: Any, headers: Mapping[str, str] | None = None
    ) -> Iterator[Iterator[str]]:
        """The data of each event, as it comes; leaving the block drops the connection."""
        with self._request("POST", path, body, headers) as response:
            assert response.status == 200, (response.status, response.read())
            assert response.headers["Content-Type"] == "text/event-stream"
            yield _events(response)

    def metric(self, name: str) -> int:
        """The value of a metric."""
        for line in self.ask("GET", "/metrics").body.decode().splitlines():
            key, _, value = line.rpartition(" ")
            if key == name:
                return int(value)
        raise AssertionError(name)

    @contextmanager
    def _request(
        self, method: str, path: str, body: Any, headers: Mapping[str, str] | None
    ) -> Iterator[http.client.HTTPResponse]:
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Content-Type": "application/json"} if headers is None else headers
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, data, dict(sent))
            with connection.getresponse() as response:
                yield response
        finally:
            connection.close()


def launch(
    *arguments: str, api_key: str | None = None, limit: Callable[[], None] | None = None
) -> subprocess.Popen[str]:
    """Start a server on any free port, without waiting for it; `limit` is called in it."""
    environment = {name: value for name, value in os.environ.items() if name != "API_KEY"}
    if api_key is not None:
        environment["API_KEY"] = api_key
    options = ("--port", "0", "--device", "cpu", *arguments)
    return Forked(
        options, torch=True, module="localtgi",
        cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True, preexec_fn=limit,
    )  # fmt: skip


def ids(answer: Any) -> list[int]:
    """The generated ids of an answer."""
    return [token["id"] for token in answer["details"]["tokens"]]


def logprobs(answer: Any) -> list[float]:
    """Their log-probabilities."""
    return [token["logprob"] for token in answer["details"]["tokens"]]


def _events(response: http.client.HTTPResponse) -> Iterator[str]:
    for line in response:
        if line == b"\n":
            continue
        text = line.decode()
        assert text.startswith("data: ") and text.endswith("\n"), text
        yield text[len("data: ") : -1]


def _lower(response: http.client.HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.getheaders()}
