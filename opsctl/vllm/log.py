"""Reads the log of vLLM: how far a start is, and why it failed."""

import re
from collections.abc import Iterable

from core.secrets import redact
from opsctl.server.log import Cause, Phase
from opsctl.server.services import Log
from opsctl.vllm.causes import RULES

# What stands before a message: the process, the level, the time and the line of vLLM's code.
HEAD = re.compile(
    r"(?:\([\w ]+ pid=\d+\) )?(?:(?:DEBUG|INFO|WARNING|ERROR) \d\d-\d\d [\d:]+ \[[^\]]+\] ?)?"
)
BEGINNINGS: tuple[tuple[str, Phase], ...] = (
    ("non-default args", "download"),
    ("Initializing a V1 LLM engine", "shard"),
    ("Starting to load model", "shard"),
    ("GPU KV cache size", "warm-up"),
    ("Loaded new LoRA adapter", "adapters"),
    ("Starting vLLM server on", "webserver"),
    ("INFO:     Application startup complete", "ready"),
)
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
FAULT = re.compile(r"[\w.]*(?:Error|Exception)\b: \S")
# What is said of every failure, whatever it was, or beside it.
EMPTY = re.compile(
    r"Engine core initialization failed|EngineCore encountered an issue|\[Errno 24\]"
)
LONGEST = 300


def message(line: str) -> str:
    """A line without what stands before its message."""
    line = ANSI.sub("", line.rstrip("\r\n"))
    return HEAD.sub("", line, count=1)


def phase(line: str) -> Phase | None:
    """The phase of the start that a line begins."""
    told = message(line)
    return next((phase for start, phase in BEGINNINGS if told.startswith(start)), None)


def classify(lines: Iterable[str], exit_code: int | None, oom_killed: bool = False) -> Cause:
    """Say why the server failed, or what ails a running one (exit_code None)."""
    said = [message(line) for line in lines]
    if oom_killed or exit_code == 137:
        return Cause("killed", "the server was killed: the machine ran out of memory", "free -h")
    faults = [row.strip() for row in said if FAULT.match(row.strip()) and not EMPTY.search(row)]
    last = faults[-1] if faults else next((row for row in reversed(said) if row.strip()), "")
    text = "\n".join(said)
    for rule in RULES:
        if found := rule.match(text, exit_code):
            words = {name: word or "" for name, word in found.groupdict().items()} | {"last": last}
            told = {name: redact(" ".join(word.split()))[:LONGEST] for name, word in words.items()}
            return Cause(rule.name, rule.sentence.format(**told).strip(), rule.fix)
    if exit_code is None:
        return Cause("unknown", "its log shows no error", "opsctl logs server -n 100")
    end = f"; it last said: {redact(last)[:LONGEST]}" if last else " and said nothing"
    return Cause("unknown", f"the server ended{end}", "opsctl logs server -n 100")


VLLM_LOG = Log(phase, classify)
