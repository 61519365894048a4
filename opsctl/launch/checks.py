"""The checks of what TGI in Docker needs: made by `doctor` and `setup`, and before each `start`."""

from collections.abc import Callable, Collection
from functools import cached_property

from core import extras
from core.errors import UserError
from core.server_file import ZERO_ADAPTER
from core.settings import Settings
from indexer.models import downloaded
from opsctl.docker import command as docker
from opsctl.docker import engine
from opsctl.docker.container import find_container, others_container
from opsctl.docker.image import check_image
from opsctl.machine.programs import is_installed
from opsctl.server.address import is_port_taken, port_of
from opsctl.server.folders import ADAPTERS, find_model, on_this_machine
from opsctl.server.links import see
from opsctl.terminal.check import Check, guarded

GIB = 1 << 30
# What lasts can be looked at while an older server runs; room for a new one cannot.
LASTING = {"docker", "toolkit", "gpu", "container", "tgi.env", "shim", "model", "adapter"}
ROOM = {"container", "memory", "port"}


def checks(config: Settings, names: Collection[str] = LASTING | ROOM | {"image"}) -> list[Check]:
    """The named checks of all that TGI needs, in the order in which it is wanting."""
    asked = Docker(config)
    probes: dict[str, Callable[[Settings], Check]] = {
        "docker": asked.engine,
        "toolkit": asked.toolkit,
        "gpu": _gpu,
        "container": asked.container,
        "memory": asked.memory,
        "tgi.env": _tgi_env,
        "shim": _shim,
        "model": _model,
        "adapter": _adapter,
        "image": asked.image,
        "port": asked.port,
    }
    return [guarded(name, probe, config) for name, probe in probes.items() if name in names]


def can_run_tgi() -> str:
    """Empty when this machine has a GPU for TGI, else why it has none."""
    from opsctl.machine.gpu import find_gpus

    report = find_gpus()
    return "" if report.gpus else report.reason


class Docker:
    """The checks that ask Docker; where it does not answer it is asked only once."""

    def __init__(self, config: Settings) -> None:
        self.config = config

    @cached_property
    def version(self) -> str | UserError:
        """The engine's, or why there is none that can be used."""
        if not is_installed("docker"):
            return UserError("not installed", "https://docs.docker.com/engine/install/")
        try:
            return engine.version()
        except UserError as error:
            return error

    def engine(self, config: Settings) -> Check:
        if isinstance(self.version, UserError):
            return Check("docker", "failed", self.version.message, self.version.hint)
        return Check("docker", "ok", f"engine {self.version}")

    def toolkit(self, config: Settings) -> Check:
        """Whether the engine can give a GPU to a container."""
        if isinstance(self.version, UserError):
            return _not_known("toolkit")
        runtimes, _ = engine.runtimes_and_root()
        if "nvidia" in runtimes:
            return Check("toolkit", "ok", "nvidia-container-toolkit is set up")
        fix = "install nvidia-container-toolkit, then: sudo systemctl restart docker"
        return Check("toolkit", "warning", "Docker lists no NVIDIA runtime", fix)

    def container(self, config: Settings) -> Check:
        """Whether the container's name is free, or ours."""
        if isinstance(self.version, UserError):
            return _not_known("container")
        if error := others_container(config):
            return Check("container", "failed", error.message, error.hint)
        return Check("container", "ok", f"{docker.CONTAINER} is free or ours")

    def image(self, config: Settings) -> Check:
        """Whether the image is here and the one of before, or there is room for it."""
        if isinstance(self.version, UserError):
            return _not_known("image")
        found = check_image(config, config.image)
        if found.result == "ok" and _release(config.image) not in ("", _release(Settings.image)):
            detail = f"{config.image} is not the release that deploy/tgi_shim was written for"
            return Check("image", "warning", detail, "remove OPSCTL_IMAGE from .env")
        return found

    def memory(self, config: Settings) -> Check:
        """Whether the GPU has memory left for the model."""
        if self.runs:
            return Check("memory", "ok", "the model server uses it already")
        return _memory(config)

    def port(self, config: Settings) -> Check:
        """Whether nobody else has the port."""
        port = port_of(config.server_url)
        if is_port_taken(port) and not self.runs:
            fix = f"stop what listens there, or: OPSCTL_SERVER_URL=http://127.0.0.1:{port + 1}"
            return Check("port", "failed", f"{port} is taken by another program", fix)
        return Check("port", "ok", str(port))

    @cached_property
    def runs(self) -> bool:
        if isinstance(self.version, UserError):
            return False
        found = find_container(self.config)
        return found is not None and found.state.status == "running"


def _not_known(name: str) -> Check:
    return Check(name, "warning", "not known", "see docker above")


def _release(image: str) -> str:
    """The tag of an image; empty where it is named by a digest."""
    return image.rpartition("/")[2].partition("@")[0].partition(":")[2]


def lost_model(config: Settings) -> UserError | None:
    """The sentence for a model that was downloaded and is gone, as that of a disk is at times."""
    from opsctl.hub import manifest

    known = manifest.load(config.manifest).installed.get("model")
    if known is None:
        return None
    folder = downloaded(known.repo, config.models)
    if folder.is_dir() or on_this_machine(config.server_file.config.model_id, config) != folder:
        return None
    return UserError(
        f"the model was downloaded, and is not in {config.models} now: is its disk mounted?",
        "findmnt shows what is mounted; if it was removed: opsctl download",
    )


def _gpu(config: Settings) -> Check:
    from opsctl.machine.gpu import find_gpus
    from opsctl.machine.vram import explain

    report = find_gpus()
    without = "without TGI: opsctl start --server local"
    if not report.gpus:
        detail = f"no NVIDIA GPU here: {report.reason}"
        return Check("gpu", "failed", detail, report.fix or without)
    gpu = next((gpu for gpu in report.gpus if gpu.index == config.gpu), None)
    if gpu is None:
        numbers = ", ".join(str(gpu.index) for gpu in report.gpus)
        return Check(
            "gpu", "failed", f"there is no GPU {config.gpu}", f"OPSCTL_GPU is of: {numbers}"
        )
    verdict = explain(gpu)
    fix = "" if verdict.result == "ok" else f"another card: OPSCTL_GPU; {without}"
    return Check("gpu", verdict.result, f"{gpu.name}: {verdict.sentence}", fix)


def _memory(config: Settings) -> Check:
    from opsctl.machine.gpu import find_gpus
    from opsctl.machine.vram import kernel_for, limits_of, needed

    gpus = find_gpus().gpus
    gpu = next((gpu for gpu in gpus if gpu.index == config.gpu), None)
    if gpu is None or gpu.usable is None or gpu.free is None:
        return Check("memory", "warning", "the memory of the GPU is not known", "opsctl vram")
    limits = limits_of(config.server_file.config)
    need = needed(gpu.usable, limits, kernel_for(gpu.capability))
    detail = f"{gpu.free / GIB:.1f} GiB free, {need / GIB:.1f} GiB needed"
    if gpu.free < need:
        roomy = [str(other.index) for other in gpus if other.free and other.free >= need]
        fix = "opsctl vram shows who holds it; or lower the limits in deploy/tgi.local.env"
        if roomy:
            fix = f"another card has room: OPSCTL_GPU={roomy[0]}; opsctl vram shows who holds this"
        return Check("memory", "failed", detail, fix)
    return Check("memory", "ok", detail)


def _tgi_env(config: Settings) -> Check:
    from opsctl.tgi.lint import lint

    findings = lint(config.server_file)
    for result in ("failed", "warning"):
        for finding in findings:
            if finding.result == result:
                more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
                detail = f"{finding.place}: {finding.message}{more}"
                return Check("tgi.env", finding.result, detail, finding.fix)
    return Check("tgi.env", "ok", str(config.tgi_env))


def _shim(config: Settings) -> Check:
    folder = docker.shim_folder(config.tgi_env)
    if all(any(folder.glob(name)) for name in docker.SHIM_FILES):
        return Check("shim", "ok", str(folder))
    detail = f"the import shim of TGI is not in {folder}"
    return Check("shim", "failed", detail, extras.restore_command(folder))


def _model(config: Settings) -> Check:
    from opsctl.hub import checkpoint

    name = config.server_file.config.model_id
    see(on_this_machine(name, config), config)
    if lost := lost_model(config):
        raise lost
    folder = find_model(name, config)
    checkpoint.check(folder)
    return Check("model", "ok", str(folder))


def _adapter(config: Settings) -> Check:
    from opsctl.server.adapters import check_rank, judge, places

    adapters = places(config)
    for name, folder in adapters.items():
        see(folder, config)
        check_rank(name, judge(name, folder, config))
    if adapters and ZERO_ADAPTER not in adapters:
        detail = "deploy/tgi.env declares no adapter `zero` to stand for the base model"
        fix = f"add zero={ADAPTERS}/zero to LORA_ADAPTERS"
        return Check("adapter", "failed", detail, fix)
    return Check("adapter", "ok", ", ".join(adapters) or "none declared")
