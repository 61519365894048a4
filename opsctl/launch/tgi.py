"""TGI in a Docker container, driven through Docker's command line."""

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from assistant.server.record import Api, Kind, Record
from core.errors import UserError
from core.files import SECRET, private_folder, whole_file
from core.server_file import local_of
from core.settings import Settings, child_environment
from opsctl.launch import docker
from opsctl.launch.checks import LASTING, ROOM, checks
from opsctl.launch.container import failure, find_container, others_container, owner
from opsctl.machine.programs import run, show
from opsctl.server.address import port_of
from opsctl.server.services import TGI_LOG, State
from opsctl.terminal import output
from opsctl.terminal.check import raise_first


class TGIService:
    """The container `opsctl-tgi` of this state folder; another's is neither seen nor touched."""

    kind: Kind = "docker"
    api: Api = "tgi"
    log = TGI_LOG
    key_name = "API_KEY"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.image = settings.image

    def command(self) -> list[str]:
        """The `docker run` line; the file that it names is there."""
        spec = self._spec()
        if spec.env_file != spec.server_file.path:
            private_folder(spec.env_file.parent)
            with whole_file(spec.env_file, SECRET) as draft:
                draft.write_text(spec.server_file.text, encoding="utf-8")
        return docker.run_command(spec)

    def config(self) -> str:
        """The hash that a container started now would carry as a label."""
        return docker.config_hash(self._spec())

    def naming(self, adapter: str) -> dict[str, Any]:
        """TGI's own routes take the adapter as a parameter."""
        return {"adapter_id": adapter} if adapter else {}

    def state(self) -> State:
        """How the container is."""
        found = find_container(self.settings)
        return found.state if found else State("absent")

    def prepare(self) -> None:
        """Check what TGI needs, fetch the image where it is not here, and compare its digest."""
        port_of(self.settings.server_url)
        raise_first(checks(self.settings, LASTING))
        self._fetch_image()

    def check_room(self) -> None:
        """Raise UserError when the GPU's memory or the port is taken."""
        raise_first(checks(self.settings, ROOM))

    def start(self) -> None:
        """Run the container; a failure leaves none of ours behind."""
        try:
            self._run(self.command(), "the container does not start")
        except UserError as error:
            with suppress(UserError):
                if made := find_container(self.settings):
                    run(docker.remove_command(made.id))
                error = others_container(self.settings) or error
            raise error from None

    def record(self) -> Record:
        """That it is to run."""
        return Record("docker", config=self.config())

    def keep(self) -> None:
        """Restart policy only now: with it from the start, a bad set-up would start for ever."""
        if found := find_container(self.settings):
            self._run(docker.keep_command(found.id), "the restart policy cannot be set")

    def stop(self) -> None:
        """Stop and remove the container."""
        found = find_container(self.settings)
        if found is None:
            return
        if found.state.status == "running":
            self._run(docker.stop_command(found.id), "the container does not stop", seconds=180)
        self._run(docker.remove_command(found.id), "the container cannot be removed")

    def log_command(
        self, tail: int | None = None, follow: bool = False, since: float | None = None
    ) -> list[str]:
        """Docker's own."""
        return docker.logs_command(tail, follow, since)

    def _spec(self) -> docker.Spec:
        settings = self.settings
        merged = settings.state / "run" / "tgi.env"
        is_changed = local_of(settings.tgi_env).is_file()
        return docker.Spec(
            owner=owner(settings),
            image=settings.image,
            server_file=settings.server_file,
            env_file=merged if is_changed else settings.tgi_env,
            models=settings.models,
            adapters=settings.adapters,
            port=port_of(settings.server_url),
            gpu=settings.gpu,
            key=settings.api_key,
        )

    def _fetch_image(self) -> None:
        image = self.image
        digests = self._digests()
        if not digests:
            output.note(f"fetching {image}")
            if show(docker.pull_command(image)):
                hint = "docker system df shows the disk; the network: curl -I https://ghcr.io"
                raise UserError(f"the image {image} cannot be fetched, see above", hint)
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
            private_folder(path.parent)
            path.write_text(json.dumps({**known, image: digests[0]}, indent=2))

    def _digests(self) -> list[str]:
        """The digests of the image; empty when it is not on this machine."""
        done = run(docker.image_command(self.image))
        if done.code and "no such image" not in done.stderr.lower():
            raise failure(done, "the image cannot be inspected")
        return [] if done.code else list(json.loads(done.stdout) or [self.image])

    def _run(self, argv: Sequence[str], sentence: str, seconds: float = 60) -> None:
        env = child_environment({self.key_name: self.settings.api_key or None})
        done = run(argv, env=env, seconds=seconds)
        if done.code:
            raise failure(done, sentence)


def _read_json(path: Path) -> dict[str, str]:
    """The digests by image; none where the file is missing or damaged."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
