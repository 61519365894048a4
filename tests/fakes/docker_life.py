"""The container of the stand-in for `docker`, as a process: it plays recorded logs, serves the fake
TGI or exits, and lives again where its restart policy says so.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fakes import server_log
from tests.fakes.docker import Docker, Scenario, env_file, now

ROOT = Path(__file__).resolve().parents[2]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z")


class Life:
    """The lives of one container, each as the scenario is at its beginning."""

    def __init__(self, world: Path, options: dict[str, Any]) -> None:
        self.docker = Docker(world)
        self.options = options

    def run(self) -> None:
        """Live until the end, or until it is stopped."""
        while True:
            world = self.docker.world
            self.live(Scenario(**json.loads((world / "scenario.json").read_text())))
            self.again()

    def live(self, scenario: Scenario) -> None:
        """One life, after which there is another."""
        signal.signal(signal.SIGTERM, lambda *_: self.exited(scenario, 0))
        with self.proxy():
            self.play(scenario)
        code = scenario.exit_code
        stopped, code = self.serve(scenario) if code is None else (False, code)
        if stopped or "Restart" not in self.docker.container():
            self.exited(scenario, code)

    def play(self, scenario: Scenario) -> None:
        """Write the log line by line, with the time of now."""
        for line in server_log.lines(scenario.log):
            time.sleep(scenario.line_seconds)
            moment = now().replace("123456789Z", f"{time.time_ns() // 1000 % 1_000_000:06}Z")
            with self.docker.log.open("a") as file:
                file.write(TIME.sub(moment, line, count=1) + "\n")

    @contextmanager
    def proxy(self) -> Iterator[None]:
        """As Docker's proxy does: take a connection and close it while nobody listens inside."""
        if not self.options["publish"]:
            yield
            return
        port = int(self.options["publish"][0].split(":")[1])
        with socket.create_server(("127.0.0.1", port)) as listener:
            threading.Thread(target=_refuse, args=(listener,), daemon=True).start()
            yield
            listener.shutdown(socket.SHUT_RDWR)

    def again(self) -> None:
        """Note that Docker starts it again."""
        made = self.docker.container()
        made["RestartCount"] += 1
        made["State"]["StartedAt"] = now()
        made["Lives"].append((time.time(), self.docker.log.stat().st_size))
        self.docker.save(made)

    def exited(self, scenario: Scenario, code: int) -> None:
        """Note how the container ended, and end."""
        made = self.docker.container()
        made["State"] |= {
            "Status": "exited", "ExitCode": code, "FinishedAt": now(),
            "OOMKilled": scenario.out_of_memory,
        }  # fmt: skip
        self.docker.save(made)
        raise SystemExit

    def serve(self, scenario: Scenario) -> tuple[bool, int]:
        """Run the fake TGI as tgi.env says; whether it was stopped, and its exit code."""
        options = self.options
        env = env_file(Path(options["env_file"][0]))
        names = [entry.partition("=")[0] for entry in env.get("LORA_ADAPTERS", "").split(",")]
        port = options["publish"][0].split(":")[1]
        key = os.environ.get("API_KEY") if "API_KEY" in options["env"] else None
        with subprocess.Popen(
            [
                sys.executable, "-m", "tests.fakes.tgi", "--port", port,
                "--model-id", env["MODEL_ID"], "--adapters", ",".join(names),
                "--max-input", env["MAX_INPUT_TOKENS"], "--max-total", env["MAX_TOTAL_TOKENS"],
                "--max-concurrent", env["MAX_CONCURRENT_REQUESTS"],
                "--log", str(self.docker.log), *(["--api-key", key] if key else []), *scenario.tgi,
            ],
            cwd=ROOT, stdout=subprocess.DEVNULL,
        ) as server:  # fmt: skip
            self.docker.save({**self.docker.container(), "Server": server.pid})
            stopped = threading.Event()

            def stop(*_: object) -> None:
                stopped.set()
                server.terminate()

            signal.signal(signal.SIGTERM, stop)
            code = server.wait()
            return stopped.is_set(), 0 if stopped.is_set() else abs(code)


def _refuse(listener: socket.socket) -> None:
    with suppress(OSError):
        while True:
            listener.accept()[0].close()


if __name__ == "__main__":
    Life(Path(sys.argv[1]), json.loads(sys.argv[2])).run()
