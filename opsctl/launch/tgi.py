"""TGI in a Docker container, driven through Docker's command line."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from assistant.server.record import Api, Kind, Record, write_record, write_stopped
from core.errors import UserError
from core.files import SECRET, private_folder, whole_file
from core.server_file import local_of
from core.settings import Settings, child_environment
from opsctl.docker import command as docker
from opsctl.docker.container import find_container, others_container, owner
from opsctl.docker.engine import failure
from opsctl.docker.image import fetch_image
from opsctl.launch.checks import LASTING, ROOM, checks, lost_model
from opsctl.machine.programs import run
from opsctl.server.address import port_of
from opsctl.server.services import NAMES, Service, State
from opsctl.terminal import output
from opsctl.terminal.check import raise_first
from opsctl.tgi.log import TGI_LOG

# The hook of NVIDIA's toolkit may take its time, and so may a disk.
RUN_SECONDS, STOP_SECONDS = 180, 180
LONG = 2


class TGIService(Service):
    """The container `opsctl-tgi` of this state folder; another's is neither seen nor touched."""

    kind: Kind = "docker"
    api: Api = "tgi"
    log = TGI_LOG
    key_name = "API_KEY"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
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

    def state(self) -> State:
        found = find_container(self.settings)
        state = found.state if found else State("absent")
        if state.status == "exited" and not state.trouble and self.kind == "docker":
            return replace(state, trouble=lost_model(self.settings))
        return state

    def prepare(self) -> None:
        """Check what TGI needs, fetch the image where it is not here, and compare its digest."""
        port_of(self.settings.server_url)
        raise_first(checks(self.settings, LASTING))
        fetch_image(self.settings, self.image)

    def check_room(self) -> None:
        raise_first(checks(self.settings, ROOM))

    def start(self) -> None:
        """Run the container; a failure leaves none of ours behind."""
        private_folder(self.settings.adapters)  # mounted also where there are none
        try:
            self._run(self.command(), "the container does not start", RUN_SECONDS)
        except KeyboardInterrupt:
            write_record(self.settings, self.record())
            output.note("Docker goes on with it: opsctl status shows it, opsctl stop ends it")
            raise
        except UserError as error:
            with suppress(UserError):
                if made := find_container(self.settings):
                    run(docker.remove_command(made.id))
                write_stopped(self.settings)
                error = others_container(self.settings) or error
            raise error from None

    def record(self) -> Record:
        return Record("docker", config=self.config())

    def keep(self) -> None:
        """Restart policy only now: with it from the start, a bad set-up would start for ever."""
        if found := find_container(self.settings):
            keep = ["docker", "update", "--restart", "unless-stopped", found.id]
            self._run(keep, "the restart policy cannot be set")

    def stop(self) -> None:
        found = find_container(self.settings)
        if found is None:
            return
        if found.state.status == "running":
            begun = time.monotonic()
            name = NAMES[self.kind]
            output.note(f"stopping {name}: it has {docker.STOP_SECONDS} s to finish its answers")
            end = ["docker", "stop", "-t", str(docker.STOP_SECONDS), found.id]
            self._run(end, "the container does not stop", STOP_SECONDS)
            if (took := time.monotonic() - begun) >= LONG:
                output.note(f"it took {took:.0f} s")
        self._run(docker.remove_command(found.id), "the container cannot be removed")

    def log_command(
        self, tail: int | None = None, follow: bool = False, since: float | None = None
    ) -> list[str]:
        return docker.logs_command(tail, follow, since)

    def _spec(self) -> docker.Spec:
        settings = self.settings
        merged = settings.state / "run" / "tgi.env"
        is_changed = local_of(settings.tgi_env).is_file()
        return docker.Spec(
            owner=owner(settings),
            image=self.image,
            server_file=settings.server_file,
            env_file=merged if is_changed else settings.tgi_env,
            models=settings.models,
            adapters=settings.adapters,
            port=port_of(settings.server_url),
            gpu=settings.gpu,
            key=settings.api_key,
        )

    def _run(self, argv: Sequence[str], sentence: str, seconds: float = 60) -> None:
        env = child_environment({self.key_name: self.settings.api_key or None})
        done = run(argv, env=env, seconds=seconds)
        if done.code:
            raise failure(done, sentence)
