"""How the model server, its adapter and its queue are, for `opsctl status`."""

import time
from dataclasses import replace
from typing import Any

from assistant.server.errors import Refused, ServerDown
from assistant.server.protocols.metrics import parse_queue
from assistant.server.record import access, is_expected, read_record
from assistant.server.state import State as Answers
from assistant.server.state import look
from core.errors import UserError
from core.secrets import redact
from core.settings import Settings
from opsctl.launch.choose import started_service
from opsctl.launch.proving import renew
from opsctl.machine.programs import lines_of
from opsctl.server import last_run
from opsctl.server.address import get
from opsctl.server.last_run import Proof
from opsctl.server.log import DRAINING, HANGING, Cause
from opsctl.server.services import NAMES, Service, State

YOUNG_SECONDS = 15 * 60
# How a server is that answers, by the kind of error that it answers with.
WORDS = {
    "ServerBusy": "busy",
    "BadReply": "foreign",
    "Unauthorized": "refuses",
    "UnknownModel": "refuses",
    "BadRequest": "refuses",
    "TooLong": "refuses",
    "Unhealthy": "unhealthy",
    "Loading": "starting",
    "GenerationFailed": "unhealthy",
    "Incomplete": "unhealthy",
}
LOG_LINES = 500


def server_status(config: Settings) -> dict[str, Any]:
    """The server, its `adapter` among it, as a JSON object.

    `state`: ready, busy, starting, stopping (it finishes its answers), unhealthy, refuses (the key,
    the model or the request), exited, stopped (by `opsctl stop`), unreachable (a server that others
    start), foreign (something else answers there), unknown (Docker does not say), or absent. It is
    ready when it has just answered as it answers people. `reason` and `fix` say why it is not.
    """
    service = started_service(config)
    answers = look(config)
    try:
        state = service.state() if service else State("absent")
    except UserError as error:
        found = _describe(config, service, State("absent"), answers)
        word = "unknown" if found["state"] == "exited" else found["state"]
        return found | {"state": word, "reason": error.message, "fix": error.hint}
    found = _describe(config, service, state, answers)
    if state.trouble:
        word = "exited" if state.status == "exited" else "unhealthy"
        found |= {"state": word, "reason": state.trouble.message, "fix": state.trouble.hint}
    elif service and state.status == "absent" and found["state"] == "exited":
        found |= {
            "reason": "its container is gone: another program removed it",
            "fix": "opsctl start",
        }
    elif service and found["state"] in ("exited", "unhealthy", "starting"):
        lines = lines_of(service.log_command(LOG_LINES))
        word, cause = _by_its_log(found["state"], answers.fault, service, state, lines)
        found["state"] = word
        if cause:
            found |= {"reason": redact(cause.sentence, config.secrets), "fix": cause.fix}
    return found


def _by_its_log(
    word: str, fault: str, service: Service, state: State, lines: list[str]
) -> tuple[str, Cause | None]:
    """The state of a server that does not answer, and why; None where its log does not tell."""
    log = service.log
    if state.status != "running":
        return word, log.classify(lines, state.code, state.killed_for_memory)
    run = log.runs(lines)[-1]
    if log.is_draining(run):
        return "stopping", DRAINING
    ready = log.was_ready(run)
    if state.restarts and not ready and (ended := log.classify_before(lines)):
        sentence = f"the run before this one failed: {ended.sentence}"
        return word, replace(ended, sentence=sentence)
    cause = log.classify(run, None)
    known = cause.name != "unknown"
    if fault == ServerDown.__name__ and (cause.passing or not known):
        return word, HANGING if ready else None
    return word, cause if known else None


def is_down(config: Settings, server: dict[str, Any]) -> bool:
    """Tell whether a server that is meant to answer does not."""
    if server["state"] in ("ready", "busy"):
        return False
    wanted = config.engine == "server" or is_expected(config)
    return wanted or server["state"] != "absent"


def _describe(
    config: Settings, service: Service | None, state: State, answers: Answers
) -> dict[str, Any]:
    word = _word(config, state, answers.fault)
    found: dict[str, Any] = {"state": word, "url": config.server_url}
    if answers.error and word not in ("absent", "stopped"):
        reason = redact(answers.error.message, config.secrets)
        found |= {"reason": reason, "fix": answers.error.hint}
    if service:
        found |= {"kind": service.kind, "name": NAMES[service.kind]}
        found["stale"] = _is_stale(service, state)
        found["uptime_seconds"] = _age(state)
        found["restarts"] = state.restarts
    if limits := answers.limits:
        found |= {
            "model_id": limits.model,
            "max_input_tokens": limits.max_input,
            "max_total_tokens": limits.max_total,
            "max_concurrent_requests": limits.max_concurrent,
        }
        if access(config).api == "tgi":
            found["queue"] = _queue(config.server_url)
    return found | {"adapter": _adapter(config, state, word == "ready")}


def _adapter(config: Settings, state: State, ready: bool) -> dict[str, Any]:
    """The adapter; `state`: applied or ignored (as proven on this run), unproven, or none."""
    adapter = access(config).adapter
    if not adapter:
        return {"state": "none"}
    proof = last_run.read(Proof, config)
    found: dict[str, Any] = {"name": adapter, "state": "unproven"}
    if ready and proof and proof.was_of(adapter, state.identity):
        proof = renew(config, state.identity)
    if state.status == "running" and proof and proof.is_of(adapter, state.identity):
        found |= {"state": "applied" if proof.applied else "ignored", "at": proof.at}
    return found


def _word(config: Settings, state: State, fault: str) -> str:
    if not fault or fault in WORDS:
        return WORDS.get(fault, "ready")
    if state.status == "running":
        if fault != Refused.__name__ and last_run.read(Proof, config):
            return "unhealthy"  # it was ready, takes connections, and does not answer
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
