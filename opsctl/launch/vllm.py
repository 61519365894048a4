"""vLLM as a process of an environment of its own, or in a Docker container."""

import hashlib
import json
from pathlib import Path
from typing import Any

from assistant.server.record import Api, Kind, Record, read_record
from core.errors import UserError
from core.settings import Settings
from opsctl.docker import command as docker
from opsctl.docker.container import owner
from opsctl.docker.image import fetch_image
from opsctl.hub import checkpoint
from opsctl.hub.download import RANK
from opsctl.launch.checks import checks
from opsctl.launch.process import ProcessService
from opsctl.launch.tgi import TGIService
from opsctl.machine.processes import kill_session
from opsctl.machine.programs import is_installed
from opsctl.server.adapters import check_declared, judge, places
from opsctl.server.address import port_of
from opsctl.server.folders import ADAPTERS, MODELS, find_model
from opsctl.terminal.check import raise_first
from opsctl.vllm.arguments import DRAIN_SECONDS, name_of, serve_arguments
from opsctl.vllm.log import VLLM_LOG
from opsctl.vllm.model import has_act_order, refusal
from opsctl.vllm.program import INSTALL, find_program, version_of
from training.model.adapter_files import CONFIG

LIMIT_SECONDS = DRAIN_SECONDS + 15
PORT = 8000  # in the container
QUIET: dict[str, str | None] = {
    "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
}  # fmt: skip


def make_vllm(config: Settings, model: str) -> "VLLMService | VLLMContainer":
    """The process where the program is here, else the container. Raise UserError without both."""
    if program := find_program(config):
        return VLLMService(config, model, program)
    if is_installed("docker"):
        return VLLMContainer(config, model)
    hint = f"{INSTALL}; OPSCTL_VLLM=~/vllm/bin/vllm in .env"
    raise UserError("neither vLLM nor Docker is installed here", hint)


def started_vllm(config: Settings, record: Record) -> "VLLMService | VLLMContainer":
    """The one that was started: a process has a number."""
    if record.pid:
        return VLLMService(config, record.model, find_program(config) or "vllm")
    return VLLMContainer(config, record.model)


class VLLMService(ProcessService):
    """The process of `vllm serve`, and those that it starts."""

    kind: Kind = "vllm"
    api: Api = "openai"
    log, word = VLLM_LOG, "serve"
    stop_seconds = LIMIT_SECONDS

    def __init__(self, settings: Settings, model: str, program: str) -> None:
        super().__init__(settings, model)
        self.program = program
        self.adapter = _adapter(settings, model)

    def command(self) -> list[str]:
        server = self.settings.server_file.config
        folders = _folders(self.settings, self.model)
        where = ("127.0.0.1", port_of(self.settings.server_url))
        arguments = serve_arguments(server, self.model, folders, _rank(folders), where)
        return [self.program, "serve", *arguments]

    def environment(self) -> dict[str, str | None]:
        """Its key, its card, and that it asks nobody for anything."""
        card = {"CUDA_VISIBLE_DEVICES": str(self.settings.gpu), "API_KEY": None}
        return QUIET | card | {"VLLM_API_KEY": self.settings.api_key or None}

    def naming(self, adapter: str) -> dict[str, Any]:
        """An adapter is a model of its own name."""
        return {"model": adapter or name_of(self.model)}

    def prepare(self) -> None:
        """Look at the files, which vLLM would do after a minute."""
        _check_files(self.settings, self.model, version_of(self.program))

    def stop(self) -> None:
        """End it when its answers are finished, or by force; and its engine, if that stays."""
        super().stop()
        if record := read_record(self.settings):
            kill_session(self._known(record))


class VLLMContainer(TGIService):
    """The same in Docker, in the place of TGI's container: only one of the two can run."""

    kind: Kind = "vllm"
    api: Api = "openai"
    log = VLLM_LOG
    key_name = "VLLM_API_KEY"

    def __init__(self, settings: Settings, model: str) -> None:
        super().__init__(settings)
        self.image, self.model = settings.vllm_image, model
        self.adapter = _adapter(settings, model)

    def command(self) -> list[str]:
        labels = {docker.CONFIG: self.config(), docker.OWNER: owner(self.settings)}
        return self._run_command(labels)

    def config(self) -> str:
        content = json.dumps([self._run_command({}), self.settings.api_key])
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    def naming(self, adapter: str) -> dict[str, Any]:
        """An adapter is a model of its own name."""
        return {"model": adapter or name_of(self.model)}

    def prepare(self) -> None:
        """Look at the files and the machine, and fetch the image where it is not here."""
        port_of(self.settings.server_url)
        raise_first(checks(self.settings, {"docker", "toolkit", "container"}))
        _check_files(self.settings, self.model, self.image.rpartition(":")[2])
        fetch_image(self.settings, self.image)

    def check_room(self) -> None:
        raise_first(checks(self.settings, {"container", "port"}))

    def record(self) -> Record:
        return Record(
            "vllm", config=self.config(), model=self.model, api="openai",
            adapter=self.adapter, fields=self.naming(self.adapter),
        )  # fmt: skip

    def _run_command(self, labels: dict[str, str]) -> list[str]:
        settings, server = self.settings, self.settings.server_file.config
        folders = _folders(settings, self.model)
        inside = {
            name: _inside(folder, settings.adapters, ADAPTERS) for name, folder in folders.items()
        }
        model = _inside(self.model, settings.models, MODELS)
        arguments = serve_arguments(server, model, inside, _rank(folders), ("0.0.0.0", PORT))
        mounts = {settings.models: MODELS, settings.adapters: ADAPTERS}
        names = [f"{name}={value}" for name, value in QUIET.items()]
        names += [self.key_name] if settings.api_key else []
        environment = [word for name in names for word in ("--env", name)]
        port = (port_of(settings.server_url), PORT)
        return docker.server_command(
            self.image, arguments, labels, mounts, environment, port, settings.gpu, LIMIT_SECONDS
        )


def _adapter(config: Settings, model: str) -> str:
    """The adapter that answers, "" for none."""
    folders = _folders(config, model)
    return config.adapter if config.adapter in folders else next(iter(folders), "")


def _folders(config: Settings, model: str) -> dict[str, str]:
    """The adapters on this machine, by name: they are for the model of deploy/tgi.env only."""
    if Path(model) != find_model(config.server_file.config.model_id, config):
        return {}
    return {name: str(folder) for name, folder in places(config).items()}


def _rank(folders: dict[str, str]) -> int:
    """The greatest rank among adapters; of one that is not here that of the published one."""
    files = [Path(folder) / CONFIG for folder in folders.values()]
    found = [checkpoint.read_json(file).get("r") for file in files if file.is_file()]
    return max((rank for rank in found if isinstance(rank, int)), default=RANK)


def _inside(folder: str, outside: Path, inside: str) -> str:
    """Where a folder of this machine is in the container. Raise UserError where it is not."""
    path = Path(folder).resolve()
    if not path.is_relative_to(outside.resolve()):
        raise UserError(
            f"the container does not see {folder}",
            f"put it into {outside}, or install vLLM: {INSTALL}",
        )
    return f"{inside}/{path.relative_to(outside.resolve())}"


def _check_files(config: Settings, model: str, version: str) -> None:
    """Raise UserError for what vLLM would refuse a minute later."""
    folder = Path(model)
    if error := refusal(folder.name, has_act_order(folder), version):
        raise error
    if folders := _folders(config, model):
        check_declared(config)
    for name, place in folders.items():
        judge(name, Path(place), config)
