"""Waits until a model server answers, shows the phase it is in, and says why it failed."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from assistant.server.errors import GenerationFailed, Incomplete, Loading, ServerDown, Unhealthy
from assistant.server.state import look
from assistant.server.types import Limits
from core.errors import UserError
from core.secrets import redact
from core.settings import Settings
from core.text import counted
from opsctl.machine.programs import Follower, lines_of
from opsctl.server.log import DRAINING, EXITED, HANGING, PHASES, Cause, Phase
from opsctl.server.services import Service, State
from opsctl.terminal import output
from opsctl.tgi.boxes import is_box, unboxed
from opsctl.tgi.log import kv_tokens, parse

POLL_SECONDS = 0.3
LAG_SECONDS = 3
REMEMBERED, SHOWN = 500, 10
DOUBTS = 2
SICK = (Unhealthy, GenerationFailed, Incomplete)  # its log says why


@dataclass(frozen=True)
class Ready:
    """How long it took, in seconds, how many tokens of context TGI found room for, its limits.

    `phases` are those that its log told of, each with the seconds at which it began.
    """

    seconds: float
    kv_tokens: int | None
    limits: Limits | None
    phases: dict[str, float]


class _Watch:
    """What the log has said so far."""

    def __init__(self, service: Service, say: Callable[[str], None]) -> None:
        self.say = say
        self.log = service.log
        self.began = time.monotonic()
        self.lines: deque[str] = deque(maxlen=REMEMBERED)
        self.phase: Phase | None = None
        self.phases: dict[str, float] = {}
        self.kv_tokens: int | None = None
        self.ready = self.drains = False
        self.silences = 0

    def read(self, lines: list[str]) -> None:
        for line in lines:
            self.lines.append(line)
            self.drains |= self.log.is_draining([line])
            self.kv_tokens = kv_tokens(parse(line).message) or self.kv_tokens
            reached = self.log.phase(line)
            self.ready |= self.log.was_ready([line])
            if reached not in (None, self.phase):
                self.phase = reached
                self.phases[PHASES[reached]] = round(self.seconds(), 1)
                if reached != "ready":
                    self.say(f"{self.seconds():5.0f} s  {PHASES[reached]}")

    def stuck(self, fault: str) -> Cause | None:
        """Why a server that was ready takes no question any more, seen twice in a row."""
        self.silences = self.silences + 1 if self.ready and fault == ServerDown.__name__ else 0
        if self.drains:
            return DRAINING
        return HANGING if self.silences == DOUBTS else None

    def seconds(self) -> float:
        return time.monotonic() - self.began


def wait_until_ready(config: Settings, service: Service, timeout: float) -> Ready:
    """Return when the server answers as it answers people; raise UserError with the cause if not.

    `timeout` is in seconds. Of a server that Docker starts over and over the run is watched that
    is under way, and its end is a failure.
    """
    watch, secrets = _Watch(service, output.note), config.secrets
    begun = service.state()
    if begun.restarts:
        _tell_of_restarts(service, begun, secrets)
    with Follower(service.log_command(follow=True, since=begun.started)) as log:
        while True:
            watch.read(log.new_lines())
            state = service.state()
            if state.status == "absent":
                raise UserError("the model server was stopped while it started", "opsctl start")
            if state.trouble:
                raise state.trouble
            answers = look(config)
            if state.restarts > begun.restarts:
                raise _failed(watch, _of_the_run_before(service), secrets)
            if stuck := watch.stuck(answers.fault):
                raise UserError(f"the model server runs, but {stuck.sentence}", stuck.fix)
            if state.status != "running" or _is_sick(answers.error):
                time.sleep(POLL_SECONDS)  # the last lines are still on their way
                watch.read(log.new_lines())
                cause = service.log.classify(watch.lines, state.code, state.killed_for_memory)
                raise _failed(watch, cause, secrets)
            if answers.lives:
                return _ready(watch, log, answers.limits)
            if answers.error and not isinstance(answers.error, ServerDown):
                raise answers.error  # the key, the model or the request is wrong
            if watch.seconds() > timeout:
                raise _given_up(watch, timeout, secrets)
            time.sleep(POLL_SECONDS)


def _tell_of_restarts(service: Service, state: State, secrets: tuple[str, ...]) -> None:
    """Say why the run before this one ended, where Docker started the server again."""
    if ended := service.log.classify_before(lines_of(service.log_command(REMEMBERED))):
        times = counted(state.restarts, "time")
        why = redact(ended.sentence, secrets)
        output.note(f"it ended by itself and was started again {times}: {why}")


def _is_sick(error: UserError | None) -> bool:
    return isinstance(error, SICK) and not isinstance(error, Loading)


def _ready(watch: _Watch, log: Follower, limits: Limits | None) -> Ready:
    """The server answers; its log, which comes by another way, may be a moment behind."""
    seconds = watch.seconds()
    while watch.phase != "ready" and watch.seconds() < seconds + LAG_SECONDS:
        time.sleep(POLL_SECONDS)
        watch.read(log.new_lines())
    return Ready(seconds, watch.kv_tokens, limits, watch.phases)


def _failed(watch: _Watch, cause: Cause, secrets: tuple[str, ...]) -> UserError:
    _show_end(watch, secrets)
    return UserError(
        f"the model server did not start: {redact(cause.sentence, secrets)}", cause.fix
    )


def _given_up(watch: _Watch, timeout: float, secrets: tuple[str, ...]) -> UserError:
    _show_end(watch, secrets)
    return UserError(
        f"no answer from the model server after {timeout / 60:g} min; it is still starting",
        "opsctl logs server -f; to give it longer: opsctl start --timeout MINUTES",
    )


def _of_the_run_before(service: Service) -> Cause:
    lines = lines_of(service.log_command(REMEMBERED))
    return service.log.classify_before(lines) or service.log.classify(lines, EXITED)


def _show_end(watch: _Watch, secrets: tuple[str, ...]) -> None:
    """Print the last lines of the log; of a long one its ends (`opsctl logs` has the rest)."""
    for line in [line for line in watch.lines if not is_box(line)][-SHOWN:]:
        first, *more = redact(unboxed(parse(line).message), secrets).strip().split("\n")
        output.note(f"  | {first}{f' … {more[-1]}' if more else ''}")
