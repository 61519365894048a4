"""The container of TGI as Docker shows it: how it is, and whose.

All projects on an engine share the container's name, so a label names the state folder that it
belongs to, and nobody touches another's.
"""

import json
import shlex
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.settings import Settings
from opsctl.launch import docker
from opsctl.machine.programs import Ended, run
from opsctl.server.services import State

DAEMON = "Error response from daemon: "
ADVICE = ("Run 'docker", "See 'docker")


@dataclass(frozen=True)
class Container:
    """What has the name: `owner` is a state folder, or empty when opsctl did not make it."""

    id: str
    owner: str
    state: State


def find_container(config: Settings) -> Container | None:
    """The container of this state folder. Raises UserError where Docker does not answer."""
    found = _inspect()
    return found if found and found.owner == owner(config) else None


def others_container(config: Settings) -> UserError | None:
    """The sentence for a container of another project, or of nobody's, that has the name."""
    found = _inspect()
    if found is None or found.owner == owner(config):
        return None
    if found.owner and Path(found.owner).is_dir():
        hint = f"to stop it: OPSCTL_STATE={shlex.quote(found.owner)} opsctl stop"
    else:
        hint = f"if nobody needs it: docker rm --force {docker.CONTAINER}"
    whose = f"another opsctl, whose state is in {found.owner}" if found.owner else "another program"
    return UserError(f"the container {docker.CONTAINER} belongs to {whose}", hint)


def owner(config: Settings) -> str:
    """What the label of a container of this project says."""
    return str(config.state.resolve())


def failure(done: Ended, sentence: str) -> UserError:
    """What Docker said, in a sentence with the command that helps."""
    reason = _cause(done)
    lower = done.stderr.lower()
    if "cannot connect to the docker daemon" in lower or "failed to connect" in lower:
        return UserError("the Docker engine is not running", "sudo systemctl start docker")
    if "permission denied" in lower and "docker" in lower:
        hint = "sudo usermod -aG docker $USER, then log in again"
        return UserError("Docker is there, but this user may not use it", hint)
    if "could not select device driver" in lower or "nvidia-container-cli" in lower:
        hint = "install nvidia-container-toolkit, then: sudo systemctl restart docker"
        return UserError(f"Docker has no access to the GPU: {reason}", hint)
    if "port is already allocated" in lower or "address already in use" in lower:
        hint = "stop what is there, or choose another: OPSCTL_SERVER_URL=http://127.0.0.1:8081"
        return UserError("the port of the model server is taken by another program", hint)
    return UserError(f"{sentence}: {reason}", "opsctl doctor")


def _cause(done: Ended) -> str:
    """The line that tells why: warnings may come before it, and advice comes after it."""
    lines = (done.stderr or done.stdout).strip().splitlines()
    said = [line for line in lines if line.strip() and not line.startswith(ADVICE)]
    causes = [line for line in said if DAEMON in line]
    told = (causes or said[-1:] or [f"exit code {done.code}"])[0]
    return told.removeprefix("docker: ").removeprefix(DAEMON)


def _inspect() -> Container | None:
    done = run(docker.inspect_command())
    if done.code:
        if "no such container" in done.stderr.lower():
            return None
        raise failure(done, "the container cannot be inspected")
    seen = json.loads(done.stdout)[0]
    labels = seen["Config"].get("Labels") or {}
    return Container(seen["Id"], labels.get(docker.OWNER, ""), _state(seen, labels))


def _state(seen: dict[str, Any], labels: dict[str, str]) -> State:
    """A container that is only created, or that Docker starts over and over, does not run."""
    state = seen["State"]
    running = state["Status"] in ("running", "paused")
    return State(
        status="running" if running else "exited",
        identity=f"{seen['Id'][:12]}@{state['StartedAt']}",
        config=labels.get(docker.CONFIG, ""),
        started=_moment(state["StartedAt"]),
        code=None if running else state["ExitCode"],
        killed_for_memory=bool(state.get("OOMKilled")),
        restarts=int(seen.get("RestartCount", 0)),
    )


def _moment(text: str) -> float | None:
    """Docker's time, such as 2026-01-02T03:04:05.123456789Z, in seconds since 1970."""
    try:
        return datetime.fromisoformat(text[:19] + "+00:00").timestamp()
    except ValueError:
        return None
