"""A stand-in for `docker`: records its argv, plays a recorded log, and starts the fake TGI.

`install` puts it into a folder for PATH. Its world is a folder of files: scenario.json says how
the engine and the container behave, calls.jsonl what was asked, container.json what there is.
A start asks it eight times: what few calls need is imported by them.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

LIFE = Path(__file__).with_name("docker_life.py")
PIECE = 16 << 10  # bytes of a line that Docker keeps together
NAME = "opsctl-tgi"
SOCKET = "unix:///var/run/docker.sock"
NEVER = "0001-01-01T00:00:00Z"
ID = "sha256:" + 64 * "a"
DIGEST = "ghcr.io/huggingface/text-generation-inference@sha256:0123456789abcdef"


class Scenario(NamedTuple):
    """How the engine is, and what the container does: play a log, then serve or exit."""

    engine: str = "up"  # up, down, denied, hung, podman
    refusal: str = ""  # what every call fails with
    image: bool = True
    digest: str = DIGEST  # none of an image that was loaded from a file
    image_id: str = ID
    root: str = "/"
    pull_error: str = ""
    run_error: str = ""
    rival: str = ""  # whose container takes the name just before ours would
    log: str = "ready"
    exit_code: int | None = None
    out_of_memory: bool = False
    line_seconds: float = 0.0
    tgi: tuple[str, ...] = ()
    runtimes: tuple[str, ...] = ("nvidia", "runc")


def install(folder: Path, scenario: Scenario) -> dict[str, str]:
    """Make the program `docker` in a folder; return the environment that finds it."""
    world, programs = folder / "docker-world", folder / "bin"
    world.mkdir(parents=True, exist_ok=True)
    programs.mkdir(exist_ok=True)
    change(world, scenario)
    program = programs / "docker"
    program.write_text(
        f"#!/bin/sh\nexec '{sys.executable}' -IS '{__file__}' '{world}' \"$@\"\n", encoding="utf-8"
    )
    program.chmod(0o755)
    return {"PATH": f"{programs}:{os.defpath}"}


def change(world: Path, scenario: Scenario) -> None:
    """Let it behave differently from now on."""
    (world / "scenario.json").write_text(json.dumps(scenario._asdict()))


def calls(world: Path) -> list[list[str]]:
    """Every argv so far, in order."""
    path = world / "calls.jsonl"
    lines = path.read_text().splitlines() if path.is_file() else []
    return [json.loads(line)["argv"] for line in lines]


class Docker:
    """One call of the program."""

    def __init__(self, world: Path) -> None:
        self.world = world
        self.scenario = Scenario(**json.loads((world / "scenario.json").read_text()))
        self.path = world / "container.json"
        self.log = world / "container.log"

    def call(self, argv: list[str]) -> None:
        with (self.world / "calls.jsonl").open("a") as file:
            file.write(json.dumps({"argv": argv, "key": "API_KEY" in os.environ}) + "\n")
        if self.scenario.engine == "down":
            fail(f"Cannot connect to the Docker daemon at {SOCKET}. Is the docker daemon running?")
        if self.scenario.engine == "denied":
            fail(
                f"permission denied while trying to connect to the Docker daemon socket at {SOCKET}"
            )
        if self.scenario.refusal:
            fail(self.scenario.refusal)
        if self.scenario.engine == "hung":
            time.sleep(600)
        verb = argv[0] if argv[0] not in ("container", "image") else f"{argv[0]}-{argv[1]}"
        getattr(self, verb.replace("-", "_"))(argv)

    def version(self, argv: list[str]) -> None:
        client = {"Client": {"Version": "28.2.2"}}
        engine = {"Components": [{"Name": "Engine"}], "Version": "28.2.2"}
        told = client if self.scenario.engine == "podman" else client | {"Server": engine}
        sys.stdout.write(json.dumps(told) + "\n")

    def info(self, argv: list[str]) -> None:
        runtimes: dict[str, object] = {name: {} for name in self.scenario.runtimes}
        sys.stdout.write(json.dumps([runtimes, self.scenario.root]) + "\n")

    def image_inspect(self, argv: list[str]) -> None:
        if not self.scenario.image:
            sys.stdout.write("\n")  # the format of nothing
            refuse(f"No such image: {argv[-1]}")
        digests = [self.scenario.digest] if self.scenario.digest else []
        sys.stdout.write(json.dumps([digests, self.scenario.image_id]) + "\n")

    def pull(self, argv: list[str]) -> None:
        if self.scenario.pull_error:
            fail(self.scenario.pull_error)
        change(self.world, self.scenario._replace(image=True))
        sys.stdout.write(argv[-1] + "\n")

    def run(self, argv: list[str]) -> None:
        import subprocess

        if self.scenario.rival:
            self.make(0, {"opsctl.state": self.scenario.rival}, [])
        if self.path.is_file():
            refuse_run(
                f'Conflict. The container name "/{NAME}" is already in use by container "x".'
            )
        options = run_options(argv[1:])
        labels = dict(label.split("=", 1) for label in options["label"])
        mounts = [mounted(row) for row in options["mount"]]
        if self.scenario.run_error:  # Docker makes the container before it looks for GPU and port
            error = self.scenario.run_error
            made = self.make(
                0, labels, mounts, Status="created", StartedAt=NEVER, ExitCode=128, Error=error
            )
            sys.stdout.write(made + "\n")
            refuse_run(error)
        self.log.write_text("")
        container = subprocess.Popen(
            [sys.executable, str(LIFE), str(self.world), json.dumps(options)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.log.open("a"),
            start_new_session=True,
        )  # fmt: skip
        sys.stdout.write(self.make(container.pid, labels, mounts) + "\n")

    def make(
        self, pid: int, labels: dict[str, str], mounts: list[dict[str, str]], **state: Any
    ) -> str:
        """Note a container that runs from now on, or is as told; its id."""
        begun = {
            "Status": "running", "Paused": False, "Restarting": False, "OOMKilled": False,
            "ExitCode": 0, "Error": "", "StartedAt": now(), "FinishedAt": NEVER,
        }  # fmt: skip
        name = f"{pid:012x}".ljust(64, "0")
        made: dict[str, Any] = {"Id": name, "State": begun | state, "Config": {"Labels": labels}}
        made["Mounts"] = mounts
        self.save({**made, "Pid": pid, "RestartCount": 0, "Lives": [(time.time(), 0)]})
        return name

    def container_inspect(self, argv: list[str]) -> None:
        if not self.exists(argv[-1]):
            sys.stdout.write("[]\n")
        sys.stdout.write(json.dumps([self.container(argv[-1])]) + "\n")

    def update(self, argv: list[str]) -> None:
        self.save({**self.container(argv[-1]), "Restart": argv[argv.index("--restart") + 1]})
        sys.stdout.write(argv[-1] + "\n")

    def stop(self, argv: list[str]) -> None:
        self.end(argv[-1])
        sys.stdout.write(argv[-1] + "\n")

    def end(self, name: str) -> None:
        made = self.container(name)
        if made["State"]["Status"] == "running":
            os.kill(made["Pid"], signal.SIGTERM)
        while self.container()["State"]["Status"] == "running":
            time.sleep(0.02)

    def container_rm(self, argv: list[str]) -> None:
        """With --force a container that is not there is no failure, though it is told."""
        if not self.exists(argv[-1]):
            refuse(f"No such container: {argv[-1]}", 0 if "--force" in argv else 1)
        self.end(argv[-1])
        self.path.unlink()
        sys.stdout.write(argv[-1] + "\n")

    def logs(self, argv: list[str]) -> None:
        """The lives since a time, or so many of the last pieces: a long line is several."""
        made, start = self.container(argv[-1]), 0
        if "--since" in argv:
            since = float(argv[argv.index("--since") + 1])
            lives = [place for began, place in made["Lives"] if int(began) >= since]
            start = lives[0] if lives else made["Lives"][-1][1]
        elif "--tail" in argv:
            start = last_pieces(self.log, int(argv[argv.index("--tail") + 1]))
        ending = ["-F", f"--pid={made['Pid']}"] if "--follow" in argv else []
        os.execvp("tail", ["tail", "-c", f"+{start + 1}", "-q", *ending, str(self.log)])

    def container(self, name: str = NAME) -> dict[str, Any]:
        """The container by its name or its whole id."""
        if not self.exists(name):
            refuse(f"No such container: {name}")
        found: dict[str, Any] = json.loads(self.path.read_text())
        return found

    def exists(self, name: str) -> bool:
        if not self.path.is_file():
            return False
        return name in (NAME, json.loads(self.path.read_text())["Id"])

    def save(self, container: dict[str, Any]) -> None:
        draft = self.path.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(container))
        draft.replace(self.path)


def run_options(argv: list[str]) -> dict[str, Any]:
    """The options of `docker run` that matter here; an unknown one is an error, as it is there."""
    import argparse

    parser = argparse.ArgumentParser(exit_on_error=True)
    for name in ("label", "env", "env-file", "mount", "log-opt", "publish"):
        parser.add_argument(f"--{name}", action="append", default=[])
    for name in ("name", "gpus", "shm-size", "stop-timeout"):
        parser.add_argument(f"--{name}")
    for name in ("detach", "init"):
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("image")
    return vars(parser.parse_args(argv))


def mounted(row: str) -> dict[str, str]:
    """What Docker shows of a mount: a row of CSV."""
    import csv

    given = dict(field.split("=", 1) for field in next(csv.reader([row])) if "=" in field)
    return {"Type": given["type"], "Source": given["source"], "Destination": given["target"]}


def last_pieces(log: Path, number: int) -> int:
    """Where in a log so many of its last pieces begin."""
    content = log.read_bytes()
    places, end = [len(content)], 0
    for line in content.splitlines(keepends=True):
        places += range(end, end + len(line), PIECE)
        end += len(line)
    return sorted(places)[-number - 1 :][0]


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.123456789Z", time.gmtime())


def env_file(path: Path) -> dict[str, str]:
    """NAME=value lines as Docker takes them."""
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def refuse_run(cause: str) -> None:
    """As clients of the last years do: the cause is not the last line."""
    refuse(f"{cause}\n\nRun 'docker run --help' for more information", 125, "docker: ")


def refuse(cause: str, code: int = 1, program: str = "") -> None:
    fail(f"{program}Error response from daemon: {cause}", code)


def fail(text: str, code: int = 1) -> None:
    sys.stderr.write(text + "\n")
    raise SystemExit(code)


def main(world: str, *argv: str) -> None:
    Docker(Path(world)).call(list(argv))


if __name__ == "__main__":
    main(*sys.argv[1:])
