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
from opsctl.machine.programs import Follower
from opsctl.server.log import PHASES, Phase, kv_tokens, parse
from opsctl.server.services import Service, State
from opsctl.terminal import output

POLL_SECONDS = 0.3
LAG_SECONDS = 3
REMEMBERED, SHOWN = 500, 10
SICK = (Unhealthy, GenerationFailed, Incomplete)  # its log says why


@dataclass(frozen=True)
class Ready:
    """How long it took, in seconds, how many tokens of context TGI found room for, its limits."""

    seconds: float
    kv_tokens: int | None
    limits: Limits | None


class _Watch:
    """What the log has said so far."""

    def __init__(self, service: Service, say: Callable[[str], None]) -> None:
        self.say = say
        self.log = service.log
        self.began = time.monotonic()
        self.lines: deque[str] = deque(maxlen=REMEMBERED)
        self.phase: Phase | None = None
        self.kv_tokens: int | None = None

    def read(self, lines: list[str]) -> None:
        for line in lines:
            self.lines.append(line)
            message = parse(line).message
            self.kv_tokens = kv_tokens(message) or self.kv_tokens
            reached = self.log.phase(message)
            if reached not in (None, self.phase):
                self.phase = reached
                if reached != "ready":
                    self.say(f"{self.seconds():5.0f} s  {PHASES[reached]}")

    def seconds(self) -> float:
        return time.monotonic() - self.began


def wait_until_ready(config: Settings, service: Service, timeout: float) -> Ready:
    """Return when the server answers as it answers people; raise UserError with the cause if not.

    `timeout` is in seconds.
    """
    watch, secrets = _Watch(service, output.note), config.secrets
    with Follower(service.log_command(follow=True)) as log:
        while True:
            watch.read(log.new_lines())
            state = service.state()
            if state.status == "absent":
                raise UserError("the model server was stopped while it started", "opsctl start")
            answers = look(config)
            if state.status != "running" or _is_sick(answers.error):
                time.sleep(POLL_SECONDS)  # the last lines are still on their way
                watch.read(log.new_lines())
                raise _failed(watch, state, secrets)
            if answers.lives:
                return _ready(watch, log, answers.limits)
            if answers.error and not isinstance(answers.error, ServerDown):
                raise answers.error  # the key, the model or the request is wrong
            if watch.seconds() > timeout:
                _show_end(watch, secrets)
                minutes = f"{timeout / 60:g} min"
                raise UserError(
                    f"no answer from the model server after {minutes}; it is still starting",
                    "opsctl logs server -f; to give it longer: opsctl start --timeout MINUTES",
                )
            time.sleep(POLL_SECONDS)


def _is_sick(error: UserError | None) -> bool:
    return isinstance(error, SICK) and not isinstance(error, Loading)


def _ready(watch: _Watch, log: Follower, limits: Limits | None) -> Ready:
    """The server answers; its log, which comes by another way, may be a moment behind."""
    seconds = watch.seconds()
    while watch.phase != "ready" and watch.seconds() < seconds + LAG_SECONDS:
        time.sleep(POLL_SECONDS)
        watch.read(log.new_lines())
    return Ready(seconds, watch.kv_tokens, limits)


def _failed(watch: _Watch, state: State, secrets: tuple[str, ...]) -> UserError:
    _show_end(watch, secrets)
    cause = watch.log.classify(list(watch.lines), state.code, state.killed_for_memory)
    return UserError(
        f"the model server did not start: {redact(cause.sentence, secrets)}", cause.fix
    )


def _show_end(watch: _Watch, secrets: tuple[str, ...]) -> None:
    """Print the last lines of the log; of a long one its beginning (`opsctl logs` has the rest)."""
    for line in list(watch.lines)[-SHOWN:]:
        first, *more = redact(parse(line).message, secrets).split("\n")
        output.note(f"  | {first}{' …' if more else ''}")
