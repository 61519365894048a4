"""Asks the Docker engine, and says in a sentence what it refuses and what helps."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import UserError
from opsctl.machine.programs import Ended, TookTooLong, run

# A sound engine answers a question within a second, also where it works hard.
ANSWER_SECONDS = 15
DAEMON = "Error response from daemon: "
ADVICE = ("Run 'docker", "See 'docker", "Usage: ")
JOURNAL = "Docker's own log tells more: sudo journalctl -u docker -n 50"


@dataclass(frozen=True)
class Refusal:
    """What Docker says when it refuses, and the words for it, with the named groups of its text."""

    text: str
    sentence: str
    hint: str


REFUSALS = (
    Refusal(
        "permission denied while trying to connect",
        "Docker is there, but this user may not use it",
        "sudo usermod -aG docker $USER, then log in again",
    ),
    Refusal(
        r"Cannot connect to the Docker daemon at unix:///(?:var/)?run/docker\.sock"
        r"|failed to connect to the docker API at unix:///(?:var/)?run/docker\.sock",
        "the Docker engine is not running",
        "sudo systemctl start docker",
    ),
    Refusal(
        r"(?:Cannot connect to the Docker daemon at|failed to connect to the docker API at)"
        r" (?P<where>\S+?)[.;,]? ",
        "the Docker engine is not running at {where}, where the client looks for it",
        "docker context ls shows who says so; or: unset DOCKER_HOST",
    ),
    Refusal(
        r"context .*not found",
        "the Docker client is set to a context that is not there: {reason}",
        "docker context use default, and: unset DOCKER_CONTEXT",
    ),
    Refusal(
        r"client version (?P<version>\S+) is too (?:new|old)",
        "the Docker client does not fit the engine: {reason}",
        "docker version shows both: upgrade the older one, and: unset DOCKER_API_VERSION",
    ),
    Refusal(
        r"error during connect|unable to resolve docker endpoint",
        "the Docker client cannot reach an engine: {reason}",
        "docker context ls shows where it looks; or: unset DOCKER_HOST",
    ),
    Refusal(
        "driver/library version mismatch",
        "the NVIDIA driver was updated, and the old one is still loaded",
        "sudo reboot",
    ),
    Refusal(
        r"could not select device driver|\"nvidia-container-[\w-]+\": executable file not found",
        "Docker has no access to the GPU: {reason}",
        "install nvidia-container-toolkit, then: sudo systemctl restart docker",
    ),
    Refusal(
        "nvidia-container-cli",
        "NVIDIA's toolkit cannot give the GPU to a container: {reason}",
        "nvidia-smi shows whether the driver works; then: opsctl start",
    ),
    Refusal(
        r"bind source path does not exist: (?P<path>.+?)\.?$"
        r"|error mounting \"(?P<other>.+?)\" to rootfs.*: no such file or directory",
        "the folder {path}{other} is not there: is its disk mounted?",
        "findmnt shows what is mounted; then: opsctl start",
    ),
    Refusal(
        r"(?:error mounting|invalid mount config).*permission denied",
        "Docker, though root, may not read a folder: {reason}",
        "keep it on a disk of this machine: OPSCTL_STATE=DIR",
    ),
    Refusal(
        "port is already allocated|address already in use",
        "the port of the model server is taken by another program",
        "stop what is there, or choose another: OPSCTL_SERVER_URL=http://127.0.0.1:8081",
    ),
    Refusal(
        "no space left on device",
        "the disk with Docker's data is full: {reason}",
        "docker system df shows what takes it, docker image prune removes what nothing uses",
    ),
    Refusal(
        r"docker-init\": executable file not found",
        "this Docker came without docker-init",
        "sudo apt install tini, or Docker's own package: https://docs.docker.com/engine/install/",
    ),
    Refusal(
        r"exec: \"(?P<entry>[^\"]+)\": ",
        "the image cannot be started, its program {entry} does not run: {reason}",
        "remove OPSCTL_IMAGE from .env, then: opsctl start",
    ),
)


def ask(argv: Sequence[str]) -> Ended:
    """Run a `docker` command that only asks. Raises UserError where the engine hangs."""
    try:
        return run(argv, seconds=ANSWER_SECONDS)
    except TookTooLong:
        raise UserError(
            f"the Docker engine hangs: no answer within {ANSWER_SECONDS} s",
            "sudo systemctl restart docker, then: opsctl start",
        ) from None


def version() -> str:
    """The engine's version. Raises UserError where there is none that can be used."""
    done = ask(["docker", "version", "--format", "{{json .}}"])
    if done.code:
        raise failure(done, "the Docker engine does not answer")
    told = json.loads(done.stdout)
    engine = told.get("Server") or {}
    parts = [part.get("Name", "") for part in engine.get("Components") or ()]
    if "Engine" not in parts:
        raise UserError(
            "`docker` is podman here, which opsctl does not work with",
            "https://docs.docker.com/engine/install/, without the package podman-docker",
        )
    return str(engine["Version"])


def runtimes_and_root() -> tuple[list[str], Path]:
    """The engine's container runtimes, and the folder of its data. Raises UserError."""
    done = ask(["docker", "info", "--format", "[{{json .Runtimes}}, {{json .DockerRootDir}}]"])
    if done.code:
        raise failure(done, "the Docker engine does not answer")
    runtimes, root = json.loads(done.stdout)
    return list(runtimes or ()), Path(root)


def failure(done: Ended, sentence: str) -> UserError:
    """What Docker said, in a sentence with the command that helps."""
    return explain(_reason(done), sentence)


def explain(reason: str, sentence: str) -> UserError:
    """The same of the bare reason, such as a container's own record of it."""
    for refusal in REFUSALS:
        if match := re.search(refusal.text, reason, re.IGNORECASE):
            words = {name: text or "" for name, text in match.groupdict().items()}
            return UserError(refusal.sentence.format(reason=reason, **words), refusal.hint)
    return UserError(f"{sentence}: {reason}", JOURNAL)


def _reason(done: Ended) -> str:
    """What tells why: warnings may come before it, and after it a blank line and advice."""
    said = (done.stderr.strip() or done.stdout.strip()).split(DAEMON, 1)
    told = said[-1].split("\n\n")[0] if len(said) > 1 else said[0]
    lines = [line.strip() for line in told.splitlines() if not line.startswith(ADVICE)]
    lines = [line for line in lines if line]
    reason = " ".join(lines if len(said) > 1 else lines[-1:])
    return reason.removeprefix("docker: ") or f"exit code {done.code}"
