"""How the model server, its adapter and its queue are, for `opsctl status`."""

import time
from typing import Any

from assistant.server.metrics import parse_queue
from assistant.server.record import is_expected, read_record
from assistant.settings import Settings
from indexer.errors import UserError
from opsctl.programs import run
from opsctl.redact import redact
from opsctl.server.address import Health, get, health, info
from opsctl.server.choose import started_service
from opsctl.server.log import classify
from opsctl.server.proof_record import read_proof
from opsctl.server.services import Service, State

YOUNG_SECONDS = 15 * 60
LOG_LINES = 500


def server_status(config: Settings) -> dict[str, Any]:
    """The server, its `adapter` among it, as a JSON object.

    `state`: ready, starting, unhealthy, exited, stopped (by `opsctl stop`), unreachable (a server
    that others start), foreign (something else answers there), or absent. `reason` and `fix` say
    why it is not ready.
    """
    service = started_service(config)
    try:
        state = service.state() if service else State("absent")
    except UserError as error:
        found = _describe(config, service, State("absent"))
        return found | {"reason": error.message, "fix": error.hint}
    found = _describe(config, service, state)
    if service and state.status == "absent" and found["state"] == "exited":
        found |= {
            "reason": "its container is gone: another program removed it",
            "fix": "opsctl start",
        }
    elif service and found["state"] in ("exited", "unhealthy"):
        log = run(service.log_command(LOG_LINES))
        cause = classify((log.stdout + log.stderr).splitlines(), state.code)
        found |= {"reason": redact(cause.sentence, config.secrets), "fix": cause.fix}
    return found


def is_down(config: Settings, server: dict[str, Any]) -> bool:
    """Tell whether a server that is meant to answer does not."""
    if server["state"] == "ready":
        return False
    wanted = config.engine == "server" or is_expected(config)
    return wanted or server["state"] != "absent"


def _describe(config: Settings, service: Service | None, state: State) -> dict[str, Any]:
    told = info(config.server_url) if config.server_api == "tgi" else {}
    answers = health(config.server_url)
    ready = answers == "ready" and told is not None
    word = "ready" if ready else _word(config, state, answers)
    found: dict[str, Any] = {"state": word, "url": config.server_url}
    if service:
        found["kind"] = service.kind
        found["stale"] = _is_stale(service, state)
        found["uptime_seconds"] = _age(state)
        found["restarts"] = state.restarts
    if ready and told:
        names = ("model_id", "max_input_tokens", "max_total_tokens", "max_concurrent_requests")
        found |= {name: told.get(name) for name in names}
        found["queue"] = _queue(config.server_url)
    return found | {"adapter": _adapter(config, state, ready)}


def _adapter(config: Settings, state: State, ready: bool) -> dict[str, Any]:
    """The adapter; `state`: applied or ignored (as proven on this run), unproven, or none."""
    if not config.adapter or config.server_api != "tgi":
        return {"state": "none"}
    proof = read_proof(config)
    found: dict[str, Any] = {"name": config.adapter, "state": "unproven"}
    if ready and proof and proof.is_of(config.adapter, state.identity):
        found |= {"state": "applied" if proof.applied else "ignored", "at": proof.at}
    return found


def _word(config: Settings, state: State, answers: Health) -> str:
    if answers == "ready":
        return "foreign"
    if answers == "sick":
        return "unhealthy"
    if state.status == "running":
        old = _age(state)
        return "starting" if old is None or old < YOUNG_SECONDS else "unhealthy"
    record = read_record(config)
    if record and record.wanted == "none":
        return "stopped"
    if record or state.status == "exited":
        return "exited"
    return "unreachable" if is_expected(config) else "absent"


def _is_stale(service: Service, state: State) -> bool:
    """Tell whether it would be started differently now; not while that cannot be told."""
    try:
        return state.status == "running" and state.config != service.config()
    except UserError:
        return False


def _age(state: State) -> int | None:
    if state.status != "running" or state.started is None:
        return None
    return max(0, int(time.time() - state.started))


def _queue(url: str) -> dict[str, int]:
    """Requests that wait and run; a fresh server tells nothing yet, which means none."""
    try:
        _, body = get(url, "/metrics")
    except OSError:
        body = b""
    queue = parse_queue(body.decode("utf-8", "replace"))
    return {"waiting": queue.waiting, "running": queue.running}
