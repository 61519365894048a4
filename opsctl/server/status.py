"""How the model server, its adapter and its queue are, for `opsctl status`."""

import time
from typing import Any

from assistant.settings import Settings
from indexer.errors import UserError
from opsctl.server.address import get, info, is_healthy
from opsctl.server.choose import is_foreign, started_service
from opsctl.server.proof_record import read_proof
from opsctl.server.services import Service, State, read_record

QUEUE = {"tgi_queue_size": "waiting", "tgi_batch_current_size": "running"}


def server_status(config: Settings) -> dict[str, Any]:
    """The server as a JSON object.

    `state`: ready, starting, unhealthy, exited, stopped (by `opsctl stop`), unreachable (a server
    that others start), or absent.
    """
    record = read_record(config)
    service = started_service(config)
    try:
        state = service.state() if service else State("absent")
    except UserError as error:
        return {"state": "exited", "url": config.server_url, "reason": error.message}
    healthy = is_healthy(config.server_url)
    word = "ready" if healthy else _word(state, record is not None, is_foreign(config))
    found: dict[str, Any] = {"state": word, "url": config.server_url}
    if service:
        found["kind"] = service.kind
        found["stale"] = _is_stale(service, state)
        found["uptime_seconds"] = _age(state)
    if healthy:
        told = info(config.server_url) or {}
        names = ("model_id", "max_input_tokens", "max_total_tokens", "max_concurrent_requests")
        found |= {name: told.get(name) for name in names}
        found["queue"] = _queue(config.server_url)
    return found


def adapter_status(config: Settings) -> dict[str, Any]:
    """The adapter and whether it was proven on the server that runs now.

    `state`: applied, ignored, unproven, or none.
    """
    if not config.adapter or config.server_api != "tgi":
        return {"state": "none"}
    proof = read_proof(config)
    service = started_service(config)
    running = service.state().identity if service else ""
    found: dict[str, Any] = {"name": config.adapter, "state": "unproven"}
    if proof and proof.adapter == config.adapter and proof.server == running:
        found |= {"state": "applied" if proof.applied else "ignored", "at": proof.at}
    return found


def is_down(config: Settings, server: dict[str, Any]) -> bool:
    """Tell whether a server that is meant to answer does not."""
    if server["state"] == "ready":
        return False
    return config.engine == "server" or server["state"] != "absent"


def _word(state: State, was_started: bool, foreign: bool) -> str:
    if state.status == "running":
        old = _age(state)
        return "starting" if old is None or old < 15 * 60 else "unhealthy"
    if state.status == "exited":
        return "exited"
    if foreign:
        return "unreachable"
    return "stopped" if was_started else "absent"


def _is_stale(service: Service, state: State) -> bool:
    """Tell whether it would be started differently now; not while that can not be told."""
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
    found = dict.fromkeys(QUEUE.values(), 0)
    try:
        status, body = get(url, "/metrics")
    except OSError:
        return found
    for line in body.decode("utf-8", "replace").splitlines() if status == 200 else ():
        name, _, value = line.partition(" ")
        if name in QUEUE:
            found[QUEUE[name]] = int(float(value))
    return found
