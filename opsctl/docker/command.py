"""The command lines of Docker: pure functions from what is wanted to argv. They run nothing."""

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.project import DEPLOY
from core.server_file import ServerFile
from opsctl.server.folders import ADAPTERS, MODELS

CONTAINER = "opsctl-tgi"
# Labels: a hash of what the container is made from, and the state folder it belongs to.
CONFIG, OWNER = "opsctl.config", "opsctl.state"
SHIM = "/opt/opsctl/tgi_shim"
SHIM_FILES = ("*.py", "*.sha256")
# TGI drains for GRACEFUL_TERMINATION_TIMEOUT (30 s in deploy/tgi.env) twice: webserver, shards.
STOP_SECONDS = 75


@dataclass(frozen=True)
class Spec:
    """What the container of TGI is made from; `owner` is the state folder that it belongs to."""

    owner: str
    image: str
    server_file: ServerFile
    env_file: Path  # what Docker reads of it
    models: Path
    adapters: Path
    port: int
    gpu: int = 0
    key: str = field(default="", repr=False)


def run_command(spec: Spec) -> list[str]:
    """Start the container. The key is named, not given: Docker takes it from its environment."""
    return _run(spec, {CONFIG: config_hash(spec), OWNER: spec.owner})


def config_hash(spec: Spec) -> str:
    """A hash of all that the container is made from: argv, tgi.env, the shim and the key."""
    folder = shim_folder(spec.server_file.path)
    files = sorted(path for name in SHIM_FILES for path in folder.glob(name))
    shim = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
    content = json.dumps([_run(spec, {}), spec.server_file.hash, shim, spec.key])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def shim_folder(tgi_env: Path) -> Path:
    """Where the import shim is: beside tgi.env, or else that of this installation."""
    beside = tgi_env.parent / "tgi_shim"
    return beside if beside.is_dir() else DEPLOY / "tgi_shim"


def remove_command(container: str) -> list[str]:
    """Remove the container and with it its log; models are outside."""
    return ["docker", "container", "rm", "--force", container]


def logs_command(
    tail: int | None = None, follow: bool = False, since: float | None = None
) -> list[str]:
    """Print the container's log: the last lines, or those since a time, or all."""
    options = ["--tail", str(tail)] if tail is not None else []
    options += ["--since", f"{since:.0f}"] if since is not None else []
    return ["docker", "logs", *options, *(["--follow"] if follow else []), CONTAINER]


def _run(spec: Spec, labels: Mapping[str, str]) -> list[str]:
    key = ["--env", "API_KEY"] if spec.key else []
    environment = ["--env", f"PYTHONPATH={SHIM}", "--env-file", str(spec.env_file), *key]
    mounts = {
        spec.models: MODELS,
        spec.adapters: ADAPTERS,
        shim_folder(spec.server_file.path): SHIM,
    }
    port = (spec.port, 80)
    return server_command(spec.image, [], labels, mounts, environment, port, spec.gpu, STOP_SECONDS)


def server_command(
    image: str,
    arguments: Sequence[str],
    labels: Mapping[str, str],
    mounts: Mapping[Path, str],
    environment: Sequence[str],
    port: tuple[int, int],
    gpu: int,
    stop_seconds: int,
) -> list[str]:
    """Start a server's image: what its program gets, the options of its variables (a secret by its
    name alone), the port outside and inside."""
    return [
        # TGI's launcher, as the first process, would not hear a SIGTERM in its first seconds.
        "docker", "run", "--detach", "--init", "--name", CONTAINER,
        *(word for pair in labels.items() for word in ("--label", "=".join(pair))),
        "--gpus", f"device={gpu}", "--shm-size", "1g",
        "--publish", f"127.0.0.1:{port[0]}:{port[1]}",
        *(word for source, target in mounts.items() for word in _mount(source, target)),
        *environment,
        "--log-opt", "max-size=20m", "--log-opt", "max-file=5",
        "--stop-timeout", str(stop_seconds),
        image, *arguments,
    ]  # fmt: skip


def _mount(source: Path, target: str) -> list[str]:
    """Read-only; unlike --volume it fails where the folder is missing. It is a row of CSV."""
    row = io.StringIO()
    fields = ("type=bind", f"source={source}", f"target={target}", "readonly")
    csv.writer(row, lineterminator="").writerow(fields)
    return ["--mount", row.getvalue()]
