"""Brings a model server up and down: whatever way it runs, and however often it is asked."""

import asyncio
from typing import TYPE_CHECKING

from assistant.settings import Settings
from indexer.errors import UserError
from opsctl import output
from opsctl.server.address import info, is_healthy, is_port_taken, port_of
from opsctl.server.choose import make_service, started_service
from opsctl.server.proof_record import Proof, write_proof
from opsctl.server.services import Record, Service, State, read_record, write_record
from opsctl.server.startup import Ready, wait_until_ready

if TYPE_CHECKING:
    from opsctl.server.proof import Step


def bring_up(config: Settings, service: Service, timeout: float) -> None:
    """Start the server unless it runs as it should, wait for it, and prove the adapter.

    `timeout` is in seconds. Raises UserError with the cause when it does not come up.
    """
    _make_room(config, service)
    state = service.state()
    if state.status == "running" and state.config == service.config():
        output.note("the model server is already running")
    else:
        if state.status == "running":
            output.note("its settings have changed: starting it anew")
        _start(config, service, state)
    if not is_healthy(config.server_url):
        try:
            ready = wait_until_ready(service, config.server_url, timeout, config.secrets)
        except KeyboardInterrupt:
            output.note("it goes on starting: opsctl status shows it, opsctl stop ends it")
            raise
        _tell(config, ready)
    _compare_limits(config)
    _prove(config, service)
    service.keep()


def _start(config: Settings, service: Service, state: State) -> None:
    if state.status != "absent":
        service.stop()
    _check(config, service)
    output.note(f"starting {'TGI' if service.kind == 'docker' else 'localtgi'}")
    service.start()


def bring_down(config: Settings) -> bool:
    """Stop the server and remember that it is meant to be off; False when none was running."""
    service = started_service(config) or _forgotten_container(config)
    was_there = service is not None and service.state().status != "absent"
    if service is not None and was_there:
        service.stop()
    if read_record(config) is not None or was_there:
        write_record(config, Record("none"))
    return was_there


def _prove(config: Settings, service: Service) -> None:
    """Raise UserError where the server ignores the adapter.

    The whole proof takes a GPU a few seconds; localtgi, which may be on a CPU, is asked for the
    cheap part.
    """
    if config.server_api != "tgi" or not config.adapter:
        return
    steps = asyncio.run(_steps(config, whole=service.kind == "docker"))
    failed = [step for step in steps if step.result == "failed"]
    write_proof(config, Proof(config.adapter, not failed, service.state().identity))
    if failed:
        raise UserError(failed[0].detail, "opsctl verify shows every step, opsctl logs the log")
    output.note(f"the adapter {config.adapter} is applied")


async def _steps(config: Settings, whole: bool) -> "list[Step]":
    from assistant.server.tgi import TGIClient
    from opsctl.server.proof import compare, prove

    async with TGIClient(config.server_url, config.adapter, config.api_key) as client:
        if whole:
            return [step async for step in prove(client, config.adapter)]
        return [(await compare(client, config.adapter)).step]


def _make_room(config: Settings, service: Service) -> None:
    """One server at a time: the other kind must be stopped by hand."""
    other = started_service(config)
    if other is None or other.kind == service.kind or other.state().status != "running":
        return
    name = "TGI" if other.kind == "docker" else "localtgi"
    raise UserError(f"{name} is running at {config.server_url}", "opsctl stop")


def _check(config: Settings, service: Service) -> None:
    if service.kind == "docker":
        from opsctl.server.checks import first_failure, server_checks

        failure = first_failure(server_checks(config))
        if failure:
            raise failure
    elif is_port_taken(port_of(config.server_url)):
        port = port_of(config.server_url)
        hint = f"stop what listens there, or: OPSCTL_SERVER_URL=http://127.0.0.1:{port + 1}"
        raise UserError(f"port {port} is taken by another program", hint)


def _tell(config: Settings, ready: Ready) -> None:
    output.note(f"ready after {ready.seconds:.0f} s at {config.server_url}")
    if ready.kv_tokens:
        output.note(f"room for {ready.kv_tokens} tokens of context in all")


def _compare_limits(config: Settings) -> None:
    """Say when the server's limits are not those of deploy/tgi.env."""
    from opsctl.server.tgi_env import ServerConfig

    wanted, found = ServerConfig.load(config.tgi_env), info(config.server_url) or {}
    for name, value in (
        ("max_input_tokens", wanted.max_input),
        ("max_total_tokens", wanted.max_total),
    ):
        if found.get(name, value) != value:
            output.note(f"warning: {name} is {found[name]}, deploy/tgi.env says {value}")


def _forgotten_container(config: Settings) -> Service | None:
    """Our container, where the state folder does not know of it; none where Docker is not up."""
    from opsctl.programs import is_installed

    if not is_installed("docker"):
        return None
    service = make_service("docker", config)
    try:
        return service if service.state().status != "absent" else None
    except UserError:
        return None
