"""Reads the log of vLLM: how far a start is, and why it failed."""

import re
from collections.abc import Sequence
from itertools import takewhile

from opsctl.server.log import ANSI, Beginnings, Cause, Log, quote
from opsctl.vllm.causes import RULES

# What stands before a message: the process, the level, the time and the line of vLLM's code.
HEAD = re.compile(
    r"(?:\([\w ]+ pid=\d+\) )?(?:(?:DEBUG|INFO|WARNING|ERROR) \d\d-\d\d [\d:]+ \[[^\]]+\] ?)?"
)
READY = "INFO:     Application startup complete"
KILLED = 137
BEGINNINGS: Beginnings = (
    ("non-default args", "download"),
    ("Initializing a V1 LLM engine", "shard"),
    ("Starting to load model", "shard"),
    ("GPU KV cache size", "warm-up"),
    ("Loaded new LoRA adapter", "adapters"),
    ("Starting vLLM server on", "webserver"),
    (READY, "ready"),
)
FAULT = re.compile(r"[\w.]*(?:Error|Exception)\b: \S")
# What is said of every failure, whatever it was, or beside it.
EMPTY = re.compile(
    r"(?:Engine core|WorkerProc) initialization failed|EngineCore encountered an issue"
    r"|\[Errno 24\]|KeyboardInterrupt"
)
NOISE = re.compile(r"nanobind: leaked")  # of a program that ends: nothing follows that tells more


def message(line: str) -> str:
    """A line without what stands before its message."""
    line = ANSI.sub("", line.rstrip("\r\n"))
    return HEAD.sub("", line, count=1)


def _diagnose(lines: Sequence[str], exit_code: int | None, oom_killed: bool) -> Cause:
    said = list(takewhile(lambda told: not NOISE.match(told), map(message, lines)))
    if oom_killed or exit_code == KILLED:
        sentence = "the server was killed, most often because the machine ran out of memory"
        return Cause("killed", sentence, "free -h shows the memory; then: opsctl start")
    last, text = _last(said), "\n".join(said)
    ready = VLLM_LOG.was_ready(lines)
    for rule in RULES:
        if found := rule.match(text, exit_code, ready):
            return rule.cause(last=last, **found.groupdict())
    if exit_code is None:
        return Cause("unknown", "its log shows no error", "opsctl logs server -n 100")
    end = f"; it last said: {quote(last)}" if last else " and said nothing"
    return Cause("unknown", f"the server ended{end}", "opsctl logs server -n 100")


def _last(said: Sequence[str]) -> str:
    """The last line that tells of a fault, else the last line."""
    rows = [row.strip() for row in said if row.strip()]
    faults = [row for row in rows if FAULT.match(row) and not EMPTY.search(row)]
    return (faults or rows or [""])[-1]


VLLM_LOG = Log(
    message,
    BEGINNINGS,
    _diagnose,
    drains=r"\[shutdown\] API server: shutdown triggered",
    opens="non-default args",
)
