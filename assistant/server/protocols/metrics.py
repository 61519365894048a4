"""The gauges of /metrics that tell a server's queue: TGI's and vLLM's."""

from contextlib import suppress
from typing import TYPE_CHECKING

from assistant.server.types import Queue

if TYPE_CHECKING:
    from assistant.server.wire.http import Wire

_WAITING = {"tgi_queue_size", "vllm:num_requests_waiting"}
_RUNNING = {"tgi_batch_current_size", "vllm:num_requests_running"}


async def ask_queue(wire: "Wire") -> Queue:
    """How many requests wait and run at the server."""
    status, answer = await wire.ask("metrics")
    if status != 200:
        raise wire.refused(status, answer)
    return parse_queue(answer.decode("utf-8", "replace"))


def parse_queue(text: str) -> Queue:
    """How many requests wait and run; a fresh server has no metrics yet, which means none."""
    return Queue(_sum(text, _WAITING), _sum(text, _RUNNING))


def _sum(text: str, names: set[str]) -> int:
    """The sum of the gauges of these names: vLLM has one for each of its engines."""
    total = 0
    for line in text.splitlines():
        name, _, value = line.rpartition(" ")
        if name.partition("{")[0] in names:
            with suppress(ValueError, OverflowError):  # of NaN and Infinity, which no count is
                total += int(float(value))
    return total
