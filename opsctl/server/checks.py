"""The checks of what TGI in Docker needs: made by `doctor` and `setup`, and before each `start`."""

import json
from collections.abc import Callable

from assistant.env_files import ZERO_ADAPTER
from assistant.settings import Settings
from indexer.errors import UserError
from opsctl.checks import Check, guarded
from opsctl.programs import is_installed, run
from opsctl.server import docker
from opsctl.server.address import is_port_taken, port_of
from opsctl.server.tgi_env import ServerConfig

GIB = 1 << 30


def server_checks(config: Settings) -> list[Check]:
    """All that TGI needs, in the order in which it is wanting."""
    probes: list[tuple[str, Callable[[Settings], Check]]] = [
        ("docker", _docker),
        ("toolkit", _toolkit),
        ("gpu", _gpu),
        ("memory", _memory),
        ("tgi.env", _tgi_env),
        ("model", _model),
        ("adapter", _adapter),
        ("port", _port),
    ]
    return [guarded(name, probe, config) for name, probe in probes]


def can_run_tgi() -> str:
    """Empty when this machine has a GPU for TGI, else why it has none."""
    from opsctl.gpu import find_gpus

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
    if done.code:
        return Check("toolkit", "failed", "Docker does not answer", "see docker above")
    if "nvidia" in (json.loads(done.stdout) or {}):
        return Check("toolkit", "ok", "nvidia-container-toolkit is set up")
    fix = "install nvidia-container-toolkit, then: sudo systemctl restart docker"
    return Check("toolkit", "warning", "Docker lists no NVIDIA runtime", fix)


def _gpu(config: Settings) -> Check:
    from opsctl.gpu import explain, find_gpus

    report = find_gpus()
    if not report.gpus:
        fix = "TGI needs one; without: opsctl start --server local"
        return Check("gpu", "failed", f"no NVIDIA GPU here: {report.reason}", fix)
    verdict = explain(report.gpus[0])
    fix = "" if verdict.result == "ok" else "opsctl vram"
    return Check("gpu", verdict.result, f"{report.gpus[0].name}: {verdict.sentence}", fix)


def _memory(config: Settings) -> Check:
    from opsctl.gpu import find_gpus
    from opsctl.vram import Limits, kernel_for, needed

    gpus = find_gpus().gpus
    if not gpus or gpus[0].usable is None or gpus[0].free is None:
        return Check("memory", "warning", "the memory of the GPU is not known", "opsctl vram")
    if TGI_RUNNING in _container_state():
        return Check("memory", "ok", "the model server holds it already")
    server = ServerConfig.load(config.tgi_env)
    limits = Limits(server.max_input, server.max_total, server.prefill, server.fraction)
    need = needed(gpus[0].usable, limits, kernel_for(gpus[0].capability))
    detail = f"{gpus[0].free / GIB:.1f} GiB free, {need / GIB:.1f} GiB needed"
    if gpus[0].free < need:
        fix = "free the GPU (opsctl vram shows who holds it), or lower the limits in deploy/tgi.env"
        return Check("memory", "failed", detail, fix)
    return Check("memory", "ok", detail)


TGI_RUNNING = "running"


def _container_state() -> str:
    """Docker's word for the state of our container; empty when there is none."""
    if not is_installed("docker"):
        return ""
    done = run(docker.inspect_command())
    return "" if done.code else str(json.loads(done.stdout)[0]["State"]["Status"])


def _tgi_env(config: Settings) -> Check:
    from opsctl.server.tgi_lint import lint

    findings = lint(config.tgi_env)
    for result in ("failed", "warning"):
        for finding in findings:
            if finding.result == result:
                more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
                detail = f"{config.tgi_env}, line {finding.line}: {finding.message}{more}"
                return Check("tgi.env", finding.result, detail, finding.fix)
    return Check("tgi.env", "ok", str(config.tgi_env))


def _model(config: Settings) -> Check:
    from opsctl.server.local import find_model

    server = ServerConfig.load(config.tgi_env)
    return Check("model", "ok", str(find_model(server.model_id, config)))


def _adapter(config: Settings) -> Check:
    from opsctl.hub.adapter import check
    from opsctl.server.local import on_this_machine

    adapters = ServerConfig.load(config.tgi_env).adapters
    for name, folder in adapters.items():
        place = on_this_machine(folder, config)
        if not place.is_dir():
            fix = "opsctl download adapter"
            return Check("adapter", "failed", f"{name} is not at {place}", fix)
        check(place)
    if adapters and ZERO_ADAPTER not in adapters:
        detail = "deploy/tgi.env declares no adapter `zero` to stand for the base model"
        return Check("adapter", "failed", detail, "git diff deploy/tgi.env")
    return Check("adapter", "ok", ", ".join(adapters) or "none declared")


def _port(config: Settings) -> Check:
    port = port_of(config.server_url)
    if is_port_taken(port) and TGI_RUNNING not in _container_state():
        fix = f"stop what listens there, or: OPSCTL_SERVER_URL=http://127.0.0.1:{port + 1}"
        return Check("port", "failed", f"{port} is taken by another program", fix)
    return Check("port", "ok", str(port))


def first_failure(checks: list[Check]) -> UserError | None:
    """The first failed check as an error; None when TGI can be started."""
    for check in checks:
        if check.result == "failed":
            return UserError(f"{check.name}: {check.detail}", check.fix)
    return None
