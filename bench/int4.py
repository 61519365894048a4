"""A GPTQ model of 7B's shape in localtgi beside the same shape as Q4_0 in llama.cpp, on a CPU.

python bench/int4.py [--layers 4] [--rounds 3]: interleaved rounds, medians, Markdown on stdout. It
makes the models in var/bench, and an environment for llama.cpp (bench/venvs.py).
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import measure, venvs

ROOT = Path(__file__).resolve().parent.parent
PORT = 18433
PROMPTS, DECODED = (64, 512), 32
Row = dict[str, float]


def say(text: str) -> None:
    """Tell how far the run is; stdout is for the table."""
    print(text, file=sys.stderr, flush=True)


def make_models(folder: Path, layers: int, llama: Path) -> tuple[Path, Path]:
    """The same shape twice, made once."""
    packed, quantised = folder / f"gptq-{layers}", folder / f"q4_0-{layers}.gguf"
    for python, kind, path in ((sys.executable, "gptq", packed), (llama, "gguf", quantised)):
        if not path.exists():
            say(f"making {path}")
            script = ROOT / "bench" / "shape_7b.py"
            subprocess.run([python, script, kind, path, str(layers)], check=True, cwd=ROOT)
    return packed, quantised


class Server:
    """A server process, what it costs, and a prompt in its own protocol."""

    def __init__(self, name: str, command: list[str | Path], ready: str) -> None:
        self.name = name
        self.log: list[str] = []
        began = time.perf_counter()
        self.child = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT
        )
        self.process = psutil.Process(self.child.pid)
        assert self.child.stdout
        for line in self.child.stdout:
            self.log.append(line.rstrip())
            if ready in line:
                break
        else:
            raise SystemExit("\n".join(self.log))
        self.started = {"start, s": time.perf_counter() - began, "start, CPU s": self.cpu()}

    def cpu(self) -> float:
        """CPU seconds so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def ask(self, prompt: int, tokens: int) -> tuple[float, float, float, float]:
        """Wall and CPU seconds to the first token, then of each later one."""
        begun, cpu = time.perf_counter(), self.cpu()
        seen = 0
        with urllib.request.urlopen(self.request(prompt, tokens)) as lines:
            for _ in events(lines):
                seen += 1
                if seen == 1:
                    first, first_cpu = time.perf_counter() - begun, self.cpu() - cpu
        assert seen >= tokens, f"{self.name}: {seen} of {tokens} tokens"
        wall, spent = time.perf_counter() - begun, self.cpu() - cpu
        later = max(1, tokens - 1)
        return first, first_cpu, (wall - first) / later, (spent - first_cpu) / later

    def request(self, prompt: int, tokens: int) -> urllib.request.Request:
        """A request for some tokens after a prompt of some tokens."""
        if self.name == "localtgi":  # a letter is a token, after BOS and a space
            parameters = {"max_new_tokens": tokens, "details": True}
            body: dict[str, Any] = {"inputs": "Б" * (prompt - 2), "parameters": parameters}
        else:
            body = {"prompt": [1, *range(300, 299 + prompt)], "n_predict": tokens, "stream": True}
            body |= {"cache_prompt": False, "ignore_eos": True, "temperature": 0}
        path = "generate_stream" if self.name == "localtgi" else "completion"
        data, kind = json.dumps(body).encode(), {"Content-Type": "application/json"}
        return urllib.request.Request(f"http://127.0.0.1:{PORT}/{path}", data, kind)

    def figures(self) -> Row:
        """One round: prompts of each length, then an answer."""
        row: Row = {}
        for length in PROMPTS:
            first, cpu, _, _ = self.ask(length, 1)
            row |= {f"{length} tokens, first token s": first, f"{length} tokens, CPU s": cpu}
        _, _, wall, cpu = self.ask(8, DECODED)
        memory = self.process.memory_full_info()
        row |= {"tokens/s": 1 / wall, "CPU s a token": cpu, "resident, GB": memory.rss / 1e9}
        return row | {"of it not of files, GB": (memory.rss - memory.shared) / 1e9}

    def end(self) -> None:
        """Stop the server."""
        self.child.terminate()
        self.child.communicate()


def events(lines: Iterable[bytes]) -> Iterable[bytes]:
    """The events of a stream that carry a token."""
    return (line for line in lines if line.startswith(b"data: {"))


def servers(packed: Path, quantised: Path, llama: Path) -> list[tuple[Any, ...]]:
    """The command lines, and the line that says that a server is ready."""
    local = [sys.executable, "-m", "localtgi", "--model", packed, "--port", str(PORT)]
    threads = len(os.sched_getaffinity(0))
    flags = (
        f"--host 127.0.0.1 --port {PORT} --alias shape --ctx-size 2048 --parallel 1 --cache-ram 0"
    )
    flags += f" --threads {threads} --threads-batch {threads} --sse-ping-interval 30"
    passive = ["env", "OMP_WAIT_POLICY=passive", llama]  # as `opsctl start` has it
    other = [*passive, "-m", "opsctl.llamacpp.serve", "--model", quantised, *flags.split()]
    return [("localtgi", local, "ready on"), ("llama.cpp", other, "listening")]


def main() -> None:
    """Measure, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    llama = venvs.ensure("llamacpp")
    models = make_models(venvs.VENVS.parent, options.layers, llama)
    for kept in models[0].glob("packed-*"):
        shutil.rmtree(kept)
    first = Server(*servers(*models, llama)[0])
    first.end()
    say(f"packed and ready: {first.started}")
    rows: dict[str, list[Row]] = {}
    loads = []
    for number in range(options.rounds):
        for name, command, ready in servers(*models, llama):
            server = Server(name, command, ready)
            try:
                rows.setdefault(name, []).append(server.started | server.figures())
            finally:
                server.end()
            loads.append(os.getloadavg()[0])
            say(f"round {number + 1}, {name}: {rows[name][-1]}")
    print(measure.machine(), f"\nload {min(loads):.1f} to {max(loads):.1f}")
    print(f"{options.layers} layers; packed at the first start: {first.started}\n")
    print("| | localtgi | llama.cpp | ratio |\n|---|---|---|---|")
    for key in rows["localtgi"][0]:
        ours, theirs = (statistics.median(row[key] for row in rows[name]) for name in rows)
        print(f"| {key} | {ours:.2f} | {theirs:.2f} | {ours / theirs:.2f} |")


if __name__ == "__main__":
    main()
