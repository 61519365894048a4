"""What the client costs per token over a raw socket reader: python bench/client.py.

A server process replays prepared events as fast as they are taken. Readers, in turn: `socket`, a
blocking socket whose events are found and given to json.loads; `asyncio`, the same on
asyncio's streams; `client`, TGIClient.stream. Each decodes every token's text. Wall time has the
server's share in it, CPU time of the reading process has not.
"""

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import socket
import statistics
import sys
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from assistant.server.protocols.tgi import TGIClient
from assistant.server.types import Finish, Message
from bench import measure

RECORD = Path(__file__).resolve().parent.parent / "var" / "bench" / "client.json"
INFO = (
    b'{"model_id":"replay","max_input_tokens":3072,"max_total_tokens":4096,'
    b'"max_concurrent_requests":16}'
)
EVENT = (
    'data: {"index":%d,"token":{"id":%d,"text":"%s","logprob":%.6f,"special":false},'
    '"generated_text":%s,"details":%s}\n\n'
)
END = '{"finish_reason":"length","generated_tokens":%d,"seed":null,"input_length":40}'
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
# Events per write in one of the variants.
BATCH = 64
# One event per wake-up of the reader: so many tokens, seconds between them.
PACED, SPACE = 2000, 0.0004
QUESTION = [Message("user", "Когда станция получила новый насос?")]


def events(tokens: int) -> list[bytes]:
    """The events of an answer as TGI frames them, with words of two languages."""
    words = [" насос", " station", " журнал", " ship", ",", " вахта", " the", " лёд"]
    found = []
    for index in range(1, tokens + 1):
        word, logprob = words[index % len(words)], -(index % 997) / 313
        ends = ('"…"', END % index) if index == tokens else ("null", "null")
        found.append((EVENT % (index, 1000 + index, word, logprob, *ends)).encode())
    return found


def chunked(data: bytes) -> bytes:
    """One chunk of the HTTP transfer encoding."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def replay(listener: socket.socket, tokens: int, started: Any) -> None:
    """The server process: as many events per write as the request's path asks for; 0 is paced."""
    prepared = [chunked(event) for event in events(tokens)]
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, contextlib.suppress(ConnectionError):
            while request := connection.recv(65536):
                per_write = int(request.split(b" ")[1].split(b"/")[1])
                if b"/info" in request.split(b"\r\n")[0]:
                    length = b"content-length: %d\r\n\r\n" % len(INFO)
                    connection.sendall(b"HTTP/1.1 200 OK\r\n" + length + INFO)
                    continue
                while not request.endswith(b"}"):
                    request += connection.recv(65536)
                connection.sendall(HEAD)
                if per_write:
                    for start in range(0, tokens, per_write):
                        connection.sendall(b"".join(prepared[start : start + per_write]))
                else:
                    paced(connection, prepared, started)
                connection.sendall(b"0\r\n\r\n")


def paced(connection: socket.socket, prepared: list[bytes], started: Any) -> None:
    """PACED tokens, each alone on the way; tells when it wrote the first one."""
    time.sleep(0.02)
    started.value = time.perf_counter()
    for chunk in (*prepared[: PACED - 1], prepared[-1]):
        connection.sendall(chunk)
        time.sleep(SPACE)


def request_bytes(per_write: int) -> bytes:
    """The request that the raw readers send."""
    body = b'{"inputs":"[INST] x [/INST]","parameters":{"do_sample":false,"details":true}}'
    head = f"POST /{per_write}/generate_stream HTTP/1.1\r\nhost: 127.0.0.1\r\n"
    head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


class RawEvents:
    """Finds events among the bytes and loads them; the lines of the chunks' sizes are passed by."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.done = False
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Keep the text of every whole event."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b"data: "):
                event = json.loads(line[6:].decode())
                self.texts.append(event["token"]["text"])
                self.done = self.done or event["generated_text"] is not None


async def read_socket(port: int, per_write: int) -> list[str]:
    """A blocking socket: the least that Python can do."""
    raw = RawEvents()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(request_bytes(per_write))
        while not raw.done:
            raw.feed(connection.recv(65536))
    return raw.texts


async def read_asyncio(port: int, per_write: int) -> list[str]:
    """asyncio's own streams: the least that a program with other things to do can do."""
    raw = RawEvents()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request_bytes(per_write))
    while not raw.done:
        raw.feed(await reader.read(65536))
    writer.close()
    await writer.wait_closed()
    return raw.texts


async def read_client(port: int, per_write: int) -> list[str]:
    """The client, with everything it checks."""
    async with TGIClient(f"http://127.0.0.1:{port}/{per_write}", "hackatone") as client:
        pieces = client.stream(QUESTION, 1024)
        return [piece async for piece in pieces if not isinstance(piece, Finish)]


READERS: dict[str, Callable[[int, int], Coroutine[Any, Any, list[str]]]] = {
    "socket": read_socket,
    "asyncio": read_asyncio,
    "client": read_client,
}


def measure_reader(name: str, port: int, per_write: int, tokens: int) -> dict[str, Any]:
    """Microseconds per token, by the wall's clock and by this process's CPU."""
    wall, cpu = time.perf_counter(), time.process_time()
    texts = asyncio.run(READERS[name](port, per_write))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    tokens = tokens if per_write else PACED
    if len(texts) != tokens:
        raise SystemExit(f"{name} got {len(texts)} of {tokens} tokens")
    cost = {"wall_us": wall / tokens * 1e6, "cpu_us": cpu / tokens * 1e6}
    return {"reader": name, "per_write": per_write, **cost}


async def first_pieces(port: int, started: Any, runs: int) -> list[float]:
    """Milliseconds from the server's first write of a token to the client's first piece."""
    found = []
    async with TGIClient(f"http://127.0.0.1:{port}/0", "hackatone") as client:
        for _ in range(runs):
            async with contextlib.aclosing(client.stream(QUESTION, 1024)) as pieces:
                async for _ in pieces:
                    arrived = time.perf_counter()
                    break
            found.append((arrived - started.value) * 1000)
    return found


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Every reader in turn, then again: what slows the machine slows all of them."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    started = multiprocessing.Value("d", 0.0)
    task = (listener, args.tokens, started)
    server = multiprocessing.Process(target=replay, args=task, daemon=True)
    server.start()
    try:
        records = []
        for number in range(-1, args.runs):  # the first round warms up and is not kept
            for per_write in (BATCH, 1, 0):
                for name in READERS:
                    record = measure_reader(name, port, per_write, args.tokens)
                    records += [{**record, "run": number}] if number >= 0 else []
        first = asyncio.run(first_pieces(port, started, 20))
    finally:
        server.terminate()
        server.join()
    return {"records": records, "first_ms": first}


def medians(records: list[dict[str, Any]]) -> dict[tuple[int, str], tuple[float, ...]]:
    """Wall and CPU microseconds per token, by events per write and reader."""
    kept: dict[tuple[int, str], list[tuple[float, float]]] = {}
    for record in records:
        key = (record["per_write"], record["reader"])
        kept.setdefault(key, []).append((record["wall_us"], record["cpu_us"]))
    return {key: tuple(map(statistics.median, zip(*kept[key], strict=True))) for key in kept}


def show(report: dict[str, Any]) -> None:
    """The table, with the ratios to both raw readers."""
    figures = medians(report["records"])
    print(f"{report['machine']}\n{report['started']}, medians of {report['runs']} interleaved runs")
    print(f"{report['tokens']} tokens a run; µs per token; client / raw reader\n")
    print("events/write  reader     wall     CPU   client/this: wall   CPU")
    for (per_write, name), (wall, cpu) in figures.items():
        own_wall, own_cpu = figures[per_write, "client"]
        ratios = f"{own_wall / wall:17.2f} {own_cpu / cpu:6.2f}" if name != "client" else ""
        print(f"{per_write or 'paced':>12}  {name:8s} {wall:6.2f}  {cpu:6.2f}   {ratios}")
    first = sorted(report["first_ms"])
    text = f"{statistics.median(first):.2f} ms after the server wrote it, at most {first[-1]:.2f}"
    print(f"\nfirst token, {len(first)} times: {text}")


def main() -> int:
    """Run the benchmark and keep what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9, help="repetitions; medians are shown")
    parser.add_argument("--tokens", type=int, default=20_000, help="tokens of one answer")
    args = parser.parse_args()
    if args.runs < 1 or args.tokens <= PACED:
        parser.error(f"--runs is at least 1, --tokens more than {PACED}")
    report = {
        "machine": measure.machine(),
        "started": datetime.now(UTC).isoformat(" ", "minutes"),
        **vars(args),
        **run(args),
    }
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    RECORD.write_text(json.dumps(report, ensure_ascii=False, indent=1), "utf-8")
    show(report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
