"""TGI in a Docker container, driven through Docker's command line."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from assistant.settings import Settings, child_environment
from indexer.errors import UserError
from opsctl import output
from opsctl.programs import Ended, run, show
from opsctl.server import docker
from opsctl.server.address import port_of
from opsctl.server.checks import LASTING, ROOM, checks, raise_first
from opsctl.server.services import Kind, Record, State


class TGIService:
    """The container `opsctl-tgi`."""

    kind: Kind = "docker"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def command(self) -> list[str]:
        """The `docker run` line."""
        return docker.run_command(self._spec())

    def config(self) -> str:
        """The hash that a container started now would carry as a label."""
        return docker.config_hash(self._spec())

    def state(self) -> State:
        """How the container is."""
        done = run(docker.inspect_command())
        if done.code:
            if "no such container" in done.stderr.lower():
                return State("absent")
            raise _failure(done, "the container can not be looked at")
        return _state(json.loads(done.stdout)[0])

    def prepare(self) -> None:
        """Check what TGI needs, fetch the image where it is not here, and compare its digest."""
        port_of(self.settings.server_url)
        raise_first(checks(self.settings, LASTING))
        self._fetch_image()

    def check_room(self) -> None:
        """Raise UserError when the GPU's memory or the port is taken."""
        raise_first(checks(self.settings, ROOM))

    def start(self) -> None:
        """Run the container; a failure leaves none behind."""
        try:
            self._run(self.command(), "the container does not start")
        except UserError:
            run(docker.remove_command())
            raise

    def record(self) -> Record:
        """That it is to run."""
        return Record("docker", config=self.config())

    def keep(self) -> None:
        """Restart policy only now: with it from the start, a bad set-up would start for ever."""
        self._run(docker.keep_command(), "the restart policy can not be set")

    def stop(self) -> None:
        """Stop and remove the container."""
        if self.state().status == "running":
            self._run(docker.stop_command(), "the container does not stop", seconds=180)
        self._run(docker.remove_command(), "the container can not be removed")

    def log_command(
        self, tail: int | None = None, follow: bool = False, since: float | None = None
    ) -> list[str]:
        """Docker's own."""
        return docker.logs_command(tail, follow, since)

    def _spec(self) -> docker.Container:
        settings = self.settings
        return docker.Container(
            image=settings.image,
            tgi_env=settings.tgi_env,
            models=settings.models,
            adapters=settings.adapters,
            port=port_of(settings.server_url),
            gpu=settings.gpu,
            key=settings.api_key,
        )

    def _fetch_image(self) -> None:
        image = self.settings.image
        digests = self._digests()
        if not digests:
            output.note(f"fetching {image}")
            if show(docker.pull_command(image)):
                hint = "docker system df shows the disk; the network: curl -I https://ghcr.io"
                raise UserError(f"the image {image} can not be fetched, see above", hint)
            digests = self._digests()
        path = self.settings.state / "run" / "images.json"
        known = _read_json(path)
        recorded = known.get(image)
        if recorded and digests and recorded not in digests:
            raise UserError(
                f"the image {image} is not the one that was fetched first ({recorded})",
                f"to trust the new one: rm {path}",
            )
        if digests and not recorded:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({**known, image: digests[0]}, indent=2))

    def _digests(self) -> list[str]:
        """The digests of the image; empty when it is not on this machine."""
        done = run(docker.image_command(self.settings.image))
        if done.code and "no such image" not in done.stderr.lower():
            raise _failure(done, "the image can not be looked at")
        return [] if done.code else list(json.loads(done.stdout) or [self.settings.image])

    def _run(self, argv: Sequence[str], sentence: str, seconds: float = 60) -> None:
        env = child_environment({"API_KEY": self.settings.api_key or None})
        done = run(argv, env=env, seconds=seconds)
        if done.code:
            raise _failure(done, sentence)


def _state(seen: dict[str, Any]) -> State:
    """A container that is only created, or that Docker starts over and over, does not run."""
    state = seen["State"]
    running = state["Status"] in ("running", "paused")
    return State(
        status="running" if running else "exited",
        identity=f"{seen['Id'][:12]}@{state['StartedAt']}",
        config=(seen["Config"].get("Labels") or {}).get(docker.LABEL, ""),
        started=_moment(state["StartedAt"]),
        code=None if running else state["ExitCode"],
        killed_for_memory=bool(state.get("OOMKilled")),
        restarts=int(seen.get("RestartCount", 0)),
    )


def _read_json(path: Path) -> dict[str, str]:
    """The digests by image; none where the file is missing or damaged."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _moment(text: str) -> float | None:
    """Docker's time, such as 2026-01-02T03:04:05.123456789Z, in seconds since 1970."""
    try:
        return datetime.fromisoformat(text[:19] + "+00:00").timestamp()
    except ValueError:
        return None


def _failure(done: Ended, sentence: str) -> UserError:
    """What Docker said, in a sentence with the command that helps."""
    said = (done.stderr or done.stdout).strip().splitlines()
    reason = said[-1].removeprefix("docker: ") if said else f"exit code {done.code}"
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
