"""Which model server this machine runs or can run."""

from typing import TYPE_CHECKING

from assistant.server.record import Record, is_foreign, read_record
from core import extras
from core.errors import NotRunning, UserError
from core.settings import Settings
from opsctl.launch.checks import can_run_tgi
from opsctl.server.services import NAMES, Service
from opsctl.terminal import output

if TYPE_CHECKING:
    from opsctl.launch.process import ProcessService


def make_service(kind: str, config: Settings, model: str | None = None) -> Service:
    """The service of a kind; `model` is what one that runs as a process is to serve."""
    if kind == "docker":
        from opsctl.launch.tgi import TGIService

        return TGIService(config)
    if kind == "llamacpp":
        return _process(kind, config, _gguf(config, model))
    from opsctl.server.folders import find_model

    if kind == "local":
        extras.check("local")
    name = model or config.server_file.config.model_id
    folder = str(find_model(name, config))
    if kind == "vllm":
        from opsctl.launch.vllm import make_vllm

        return make_vllm(config, folder)
    return _process(kind, config, folder)


def started_service(config: Settings) -> Service | None:
    """The service that was started last and not stopped since."""
    record = read_record(config)
    if record is None or record.wanted == "none":
        return None
    if record.wanted == "docker":
        return make_service("docker", config)
    if record.wanted == "vllm":
        from opsctl.launch.vllm import started_vllm

        return started_vllm(config, record)
    return _process(record.wanted, config, record.model)


def last_process(config: Settings) -> Service | None:
    """The service of a process whose log is still there, though it is stopped."""
    service = _process("local", config, "")
    return service if service.log_path.is_file() else None


def _process(kind: str, config: Settings, model: str) -> "ProcessService":
    if kind == "llamacpp":
        from opsctl.launch.llamacpp import LlamaService

        return LlamaService(config, model)
    from opsctl.launch.local import LocalService

    return LocalService(config, model)


def _gguf(config: Settings, name: str | None) -> str:
    """The GGUF file of this name, fetched where it is on the Hub; else the one of `setup`."""
    from opsctl.llamacpp.fetch import bring
    from opsctl.llamacpp.models import downloaded, is_hub_name

    if name:
        return str(bring(config, name)) if is_hub_name(name) else name
    if found := downloaded(config):
        return str(found)
    raise UserError(
        "no model for llama.cpp is on this machine",
        "opsctl setup offers some; or: opsctl start --server llamacpp --model FILE.gguf",
    )


def suggest(config: Settings) -> tuple[str, str | None]:
    """What `start` starts by itself, and its model: what was started last, and else docker with
    a GPU and Docker, local with a model, none with neither."""
    from opsctl.machine.gpu import find_gpus
    from opsctl.machine.programs import is_installed

    if is_foreign(config):
        return "none", None
    record = read_record(config)
    if last := _last(record):
        return last, record.model or None if record else None
    if is_installed("docker") and find_gpus().gpus:
        return "docker", None
    return _without_docker(config), None


def last_model(config: Settings) -> str | None:
    """The file that llama.cpp was started with last; None where that was another server."""
    record = read_record(config)
    return record.model or None if record and _last(record) == "llamacpp" else None


def _last(record: Record | None) -> str:
    """The kind that runs, or ran before it was stopped; "" for none."""
    if record is None:
        return ""
    return record.last if record.wanted == "none" else record.wanted


def _without_docker(config: Settings) -> str:
    """What a machine without Docker or a GPU starts: the model that it has a file of."""
    from opsctl.llamacpp.models import downloaded

    if downloaded(config):
        return "llamacpp"
    return "local" if _has_model(config) else "none"


def no_server(config: Settings, sentence: str) -> NotRunning:
    """That a model server is missing, and whether `opsctl start` would bring one."""
    if is_foreign(config):
        return NotRunning(f"{sentence}: others start {config.server_url}", "opsctl status")
    if suggest(config)[0] != "none":
        return NotRunning(f"{sentence}: no model server is running", "opsctl start")
    reason = can_run_tgi() or "Docker is not installed"
    return NotRunning(
        f"{sentence}: no model server runs here, nor would start ({reason}, and no model is"
        " downloaded); answers are quotes from the documents",
        "with a model on this machine: opsctl download, opsctl start --server local",
    )


def check_none_runs(config: Settings) -> None:
    """Raise UserError while a process of ours runs that would be forgotten, and go on for ever."""
    service = started_service(config)
    if service and service.kind != "docker" and service.state().status == "running":
        raise UserError(f"{NAMES[service.kind]} is running at {config.server_url}", "opsctl stop")


def tell_of_others(config: Settings) -> None:
    """Say whether the model server that others start answers."""
    from assistant.server.state import look

    found = look(config)
    word = f"does not answer: {found.error.message}" if found.error else "answers"
    output.note(f"the model server at {config.server_url}, which opsctl did not start, {word}")
    if found.error:
        output.note(f"hint: {found.error.hint}")


def _has_model(config: Settings) -> bool:
    from opsctl.server.folders import on_this_machine

    if not config.server_file.exists:
        return False
    return (on_this_machine(config.server_file.config.model_id, config) / "config.json").is_file()
