"""The gauges of TGI's /metrics that tell its queue."""

from contextlib import suppress

from assistant.server.types import Queue

_GAUGES = ("tgi_queue_size", "tgi_batch_current_size")


def parse_queue(text: str) -> Queue:
    """How many requests wait and run; a fresh server has no metrics yet, which means none."""
    found = dict.fromkeys(_GAUGES, 0)
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        if name in found:
            with suppress(ValueError, OverflowError):  # of NaN and Infinity, which no count is
                found[name] = int(float(value))
    return Queue(*found.values())
