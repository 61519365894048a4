"""The checks of what TGI in Docker needs: made by `doctor` and `setup`, and before each `start`."""

import json
from collections.abc import Callable, Collection

from core import extras
from core.errors import UserError
from core.server_file import ZERO_ADAPTER
from core.settings import Settings
from opsctl.launch import docker
from opsctl.launch.container import find_container, others_container
from opsctl.machine.programs import is_installed, run
from opsctl.server.address import is_port_taken, port_of
from opsctl.server.folders import ADAPTERS, find_model, on_this_machine, shape_of_model
from opsctl.terminal.check import Check, guarded

GIB = 1 << 30
# What lasts can be looked at while an older server runs; room for a new one cannot.
LASTING = {"docker", "toolkit", "gpu", "container", "tgi.env", "shim", "model", "adapter"}
ROOM = {"container", "memory", "port"}


def checks(config: Settings, names: Collection[str] = LASTING | ROOM) -> list[Check]:
    """The named checks of all that TGI needs, in the order in which it is wanting."""
    probes: dict[str, Callable[[Settings], Check]] = {
        "docker": _docker,
        "toolkit": _toolkit,
        "gpu": _gpu,
        "container": _container,
        "memory": _memory,
        "tgi.env": _tgi_env,
        "shim": _shim,
        "model": _model,
        "adapter": _adapter,
        "port": _port,
    }
    return [guarded(name, probe, config) for name, probe in probes.items() if name in names]


def can_run_tgi() -> str:
    """Empty when this machine has a GPU for TGI, else why it has none."""
    from opsctl.machine.gpu import find_gpus

    report = find_gpus()
    return "" if report.gpus else report.reason


def _docker(config: Settings) -> Check:
    if not is_installed("docker"):
        return Check("docker", "failed", "not installed", "https://docs.docker.com/engine/install/")
    done = run(docker.version_command())
    if done.code == 0:
        return Check("docker", "ok", f"engine {done.stdout.strip()}")
    if "permission denied" in done.stderr.lower():
        fix = "sudo usermod -aG docker $USER, then log in again"
        return Check("docker", "failed", "this user may not use it", fix)
    return Check("docker", "failed", "the engine is not running", "sudo systemctl start docker")


def _toolkit(config: Settings) -> Check:
    if not is_installed("docker"):
        return Check("toolkit", "failed", "needs Docker", "see docker above")
    done = run(docker.runtimes_command())
    if done.code == 0 and "nvidia" in (json.loads(done.stdout) or {}):
        return Check("toolkit", "ok", "nvidia-container-toolkit is set up")
    fix = "install nvidia-container-toolkit, then: sudo systemctl restart docker"
    return Check("toolkit", "warning", "Docker lists no NVIDIA runtime", fix)


def _gpu(config: Settings) -> Check:
    from opsctl.machine.gpu import explain, find_gpus

    report = find_gpus()
    without = "without TGI: opsctl start --server local"
    if not report.gpus:
        return Check("gpu", "failed", f"no NVIDIA GPU here: {report.reason}", without)
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
    from opsctl.machine.vram import Limits, kernel_for, needed

    gpu = next((gpu for gpu in find_gpus().gpus if gpu.index == config.gpu), None)
    if gpu is None or gpu.usable is None or gpu.free is None:
        return Check("memory", "warning", "the memory of the GPU is not known", "opsctl vram")
    if _container_runs(config):
        return Check("memory", "ok", "the model server uses it already")
    server = config.server_file.config
    limits = Limits(server.max_input, server.max_total, server.prefill, server.fraction)
    need = needed(gpu.usable, limits, kernel_for(gpu.capability))
    detail = f"{gpu.free / GIB:.1f} GiB free, {need / GIB:.1f} GiB needed"
    if gpu.free < need:
        fix = "opsctl vram shows who holds it; or lower the limits in deploy/tgi.local.env"
        return Check("memory", "failed", detail, fix)
    return Check("memory", "ok", detail)


def _container(config: Settings) -> Check:
    try:
        error = others_container(config) if is_installed("docker") else None
    except UserError:
        return Check("container", "warning", "not known", "see docker above")
    if error:
        return Check("container", "failed", error.message, error.hint)
    return Check("container", "ok", f"{docker.CONTAINER} is free or ours")


def _container_runs(config: Settings) -> bool:
    """Tell whether our container is running."""
    if not is_installed("docker"):
        return False
    try:
        found = find_container(config)
    except UserError:
        return False
    return found is not None and found.state.status == "running"


def _tgi_env(config: Settings) -> Check:
    from opsctl.launch.tgi_lint import lint

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

    folder = find_model(config.server_file.config.model_id, config)
    checkpoint.check(folder)
    return Check("model", "ok", str(folder))


def _adapter(config: Settings) -> Check:
    from opsctl.hub.adapter import check

    adapters, shape = config.server_file.config.adapters, shape_of_model(config)
    for name, folder in adapters.items():
        place = on_this_machine(folder, config)
        if not place.is_dir():
            fix = "opsctl download adapter"
            return Check("adapter", "failed", f"{name} is not at {place}", fix)
        check(place, *shape)
    if adapters and ZERO_ADAPTER not in adapters:
        detail = "deploy/tgi.env declares no adapter `zero` to stand for the base model"
        fix = f"add zero={ADAPTERS}/zero to LORA_ADAPTERS"
        return Check("adapter", "failed", detail, fix)
    return Check("adapter", "ok", ", ".join(adapters) or "none declared")


def _port(config: Settings) -> Check:
    port = port_of(config.server_url)
    if is_port_taken(port) and not _container_runs(config):
        fix = f"stop what listens there, or: OPSCTL_SERVER_URL=http://127.0.0.1:{port + 1}"
        return Check("port", "failed", f"{port} is taken by another program", fix)
    return Check("port", "ok", str(port))
