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
from opsctl.docker import command as docker
from opsctl.docker.engine import ask, explain, failure
from opsctl.server.folders import MODELS
from opsctl.server.services import State


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


def _inspect() -> Container | None:
    done = ask(["docker", "container", "inspect", docker.CONTAINER])
    if done.code:
        if "no such container" in done.stderr.lower():
            return None
        raise failure(done, "the container cannot be inspected")
    seen = json.loads(done.stdout)[0]
    labels = seen["Config"].get("Labels") or {}
    owned_by = labels.get(docker.OWNER) or _unnamed_owner(seen, labels)
    return Container(seen["Id"], owned_by, _state(seen, labels))


def _unnamed_owner(seen: dict[str, Any], labels: dict[str, str]) -> str:
    """Release 0.1 gave no such label: it is the state folder whose models the container sees."""
    if docker.CONFIG not in labels:
        return ""
    sources = [mount["Source"] for mount in seen["Mounts"] if mount["Destination"] == MODELS]
    return str(Path(sources[0]).parent.resolve()) if sources else ""


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
        trouble=_trouble(state),
    )


def _trouble(state: dict[str, Any]) -> UserError | None:
    """Why Docker itself could not start it, which no log tells; or that it is halted."""
    if state["Status"] == "paused":
        name = docker.CONTAINER
        return UserError(f"the container {name} is paused", f"docker unpause {name}")
    reason = " ".join(state.get("Error", "").split())
    return explain(reason, "Docker could not start it") if reason else None


def _moment(text: str) -> float | None:
    """Docker's time, such as 2026-01-02T03:04:05.123456789Z, in seconds since 1970."""
    try:
        return datetime.fromisoformat(text[:19] + "+00:00").timestamp()
    except ValueError:
        return None
