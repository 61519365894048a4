"""Brings a model server up and down: whatever way it runs, and however often it is asked."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from assistant.server.record import read_record, write_record, write_stopped
from assistant.server.state import look
from assistant.server.types import Limits
from core.errors import UserError
from core.secrets import redact
from core.settings import Settings
from opsctl.docker.container import others_container
from opsctl.launch.choose import make_service, started_service
from opsctl.launch.proving import adapter_of, all_steps, remember
from opsctl.launch.startup import wait_until_ready
from opsctl.machine.programs import interrupts_put_off, is_installed, lines_of
from opsctl.server import last_run
from opsctl.server.last_run import Proof, Start
from opsctl.server.services import NAMES, Service, State, changing
from opsctl.terminal import output
from opsctl.tgi.log import readable

LOG_LINES, SHOWN = 500, 10
OF_ADAPTERS = re.compile(r"(?i)^(?!Args).*(?:lora|adapter|graphs)")


def bring_up(config: Settings, service: Service, timeout: float, again: bool = False) -> None:
    """Start the server unless it runs as it should, wait for it, and prove the adapter.

    An older one is stopped only when all that the new one needs is there, or when it is to be
    started `again`. `timeout` is in seconds. Raises UserError with the cause when it does not come
    up.
    """
    _make_room(config, service)
    state = service.state()
    as_wanted = state.status == "running" and state.config == service.config() and not again
    if as_wanted:
        if state.trouble:
            raise state.trouble
        output.note("the model server is already running")
    else:
        service.prepare()
        if state.status == "running" and not again:
            output.note("its settings have changed: restarting it")
    with _saying_what_is(service):
        with changing(config):
            if not as_wanted and service.state().identity == state.identity:
                _replace(config, service, state)
            else:
                _remember(config, service)
        limits = _wait(config, service, timeout)
    if limits and service.api == "tgi":
        _compare_limits(config, limits)
    _prove(config, service)
    service.keep()


def _remember(config: Settings, service: Service) -> None:
    """Write down what runs; where that cannot be done, nothing stays that nobody knows of."""
    try:
        write_record(config, service.record())
    except OSError:
        service.stop()
        raise


def _replace(config: Settings, service: Service, old: State) -> None:
    if old.status != "absent":
        service.stop()
    service.check_room()
    output.note(f"starting {NAMES[service.kind]}")
    with interrupts_put_off():
        service.start()
        _remember(config, service)


@contextmanager
def _saying_what_is(service: Service) -> Iterator[None]:
    """Say at a Ctrl-C what goes on without this command."""
    try:
        yield
    except KeyboardInterrupt:
        if service.state().status == "running":
            output.note("it is still starting: opsctl status shows it, opsctl stop ends it")
        else:
            output.note("interrupted: no model server runs")
        raise


def _wait(config: Settings, service: Service, timeout: float) -> Limits | None:
    """Wait until the server answers; what it says that it takes."""
    if (found := look(config)).lives:
        return found.limits
    ready = wait_until_ready(config, service, timeout)
    output.note(f"ready after {ready.seconds:.0f} s at {config.server_url}")
    start = Start(service.state().identity, ready.seconds, ready.phases)
    last_run.write(start, config)
    if ready.kv_tokens:
        output.note(f"room for {ready.kv_tokens} tokens of context in all")
    return ready.limits


def bring_down(config: Settings) -> bool:
    """Stop the server and remember that it is meant to be off; False when none was running."""
    with changing(config):
        service = started_service(config) or _forgotten_container(config)
        state = service.state() if service else State("absent")
        if state.status == "absent":
            _tell_of_anothers(config)
        if service and state.status != "absent":
            service.stop()
        if state.status != "absent" or read_record(config) is not None:
            write_stopped(config)
        return state.status == "running"


def _prove(config: Settings, service: Service) -> None:
    """Stop a server that ignores the adapter, and raise UserError.

    The whole proof takes a GPU a few seconds; those that may be on a CPU are asked for the
    cheap part. A server that was proven needs no other proof while it runs.
    """
    adapter = adapter_of(config)
    if not adapter:
        return
    identity = service.state().identity
    known = last_run.read(Proof, config)
    if known and known.applied and known.is_of(adapter, identity):
        return
    whole = service.kind in ("docker", "vllm")
    steps = asyncio.run(all_steps(config, whole=whole))
    if not remember(config, steps, identity).applied:
        _show_lines_of_adapters(config, service)
        with changing(config):
            service.stop()
            write_stopped(config)
        hint = "opsctl doctor looks at the adapter and deploy/tgi.env; then: opsctl start"
        failed = next(step for step in steps if step.result == "failed")
        raise UserError(f"{failed.detail}; so it was stopped", hint)
    output.note(f"the adapter {adapter} is applied")


def _show_lines_of_adapters(config: Settings, service: Service) -> None:
    """Print what the log says of them: it goes with the server."""
    messages = [entry.message for entry in readable(lines_of(service.log_command(LOG_LINES)))]
    for message in [text for text in messages if OF_ADAPTERS.search(text)][-SHOWN:]:
        output.note(f"  | {redact(message, config.secrets)}")


def _make_room(config: Settings, service: Service) -> None:
    """One server at a time: the other kind must be stopped by hand."""
    other = started_service(config)
    if other is None or other.kind == service.kind or other.state().status != "running":
        return
    raise UserError(f"{NAMES[other.kind]} is running at {config.server_url}", "opsctl stop")


def _compare_limits(config: Settings, limits: Limits) -> None:
    """Say when the server's limits are not those of the file, and of which."""
    wanted = config.server_file.config
    places = {line.name: line.place for line in config.server_file.lines}
    for name, found, value in (
        ("max_input_tokens", limits.max_input, wanted.max_input),
        ("max_total_tokens", limits.max_total, wanted.max_total),
    ):
        if found != value:
            place = places[name.upper()]
            output.note(f"warning: {name} is {found}, and {value} in {place}")


def _forgotten_container(config: Settings) -> Service | None:
    """Our container, where the state folder does not know of it; none where Docker is not up."""
    if not is_installed("docker"):
        return None
    try:
        service = make_service("docker", config)
        return service if service.state().status != "absent" else None
    except UserError as error:
        output.note(f"whether a container runs is not known: {error.message}")
        return None


def _tell_of_anothers(config: Settings) -> None:
    """Say whose the container is that somebody might have meant to stop from here."""
    if not is_installed("docker"):
        return
    with suppress(UserError):
        if other := others_container(config):
            output.note(f"{other.message}: left alone")
