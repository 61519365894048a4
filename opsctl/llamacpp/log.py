"""Reads the log of llama.cpp's server: its phases, and the cause in its lines marked E.

Its lines are `0.00.008.478 I srv    load_model: loading model '…'`; an older one leaves out the
time and the mark.
"""

import re
from collections.abc import Sequence

from opsctl.server.log import Beginnings, Cause, Log, Rule, quote

LINE = re.compile(r"(?:\d+(?:\.\d+)+ +)?(?:(?P<mark>[DIWEC]) +)?(?P<rest>.*)")
WHO = re.compile(r"(?:(?:srv|cmn|slot|que|main|llama)\s+)?[\w~.]*:\s+")
BEGINNINGS: Beginnings = (
    ("loading model", "shard"),
    ("llama threadpool init", "warm-up"),
    ("initializing, n_slots", "warm-up"),
    ("listening on", "ready"),
)
AGAIN = "opsctl start --server llamacpp --model FILE.gguf takes another"
# The more telling ones first.
RULES = (
    Rule(
        "port",
        r"couldn't bind HTTP server socket, hostname: \S+, port: (?P<text>\d+)",
        "the port {text} is taken by another program",
        "stop it, or choose another: OPSCTL_SERVER_URL=http://127.0.0.1:8081",
    ),
    Rule(
        "architecture",
        r"unknown model architecture: '(?P<text>[^']*)'",
        "this llama.cpp does not know models of the kind {text}",
        "a newer one may: pip install --upgrade xllamacpp, or a newer llama-server on PATH",
    ),
    Rule(
        "file",
        r"failed to open GGUF file '(?P<text>[^']*)'",
        "the model {text} cannot be read: it is gone, or not for this user",
        AGAIN,
    ),
    Rule(
        "damaged",
        r"(?P<text>invalid magic characters|model is corrupted or incomplete"
        r"|key not found in model: \S+)",
        "the model's file is no whole model: {text}",
        f"fetch it again; {AGAIN}",
    ),
    Rule(
        "adapter",
        r"failed to load lora adapter '(?P<text>[^']*)'",
        "the adapter {text} does not fit this model, or cannot be read",
        "opsctl download --verify; opsctl start --server llamacpp makes it again",
    ),
    Rule(
        "memory",
        r"insufficient memory|failed to allocate|unable to allocate|bad_alloc|out of memory",
        "there is not enough memory for the model and its context",
        f"free some (free -h shows it); lower MAX_TOTAL_TOKENS in deploy/tgi.local.env; {AGAIN}",
    ),
    Rule(
        "too-old",
        r"error: (?:invalid|unknown) argument: (?P<text>\S+)",
        "the llama-server on PATH does not know {text}: it is too old",
        "update it, or take it off PATH to use the extra llamacpp",
    ),
    Rule(
        "stopped",
        r"main loop exited|Received second interrupt|cleaning up before exit\.\.\.$",
        "the server was stopped",
        "opsctl start",
        when="ended",
    ),
)
KILLED = Cause(
    "killed",
    "the server was killed, most often because the machine ran out of memory",
    "free -h shows the memory; sudo dmesg | tail tells who was killed; then: opsctl start",
)


def _diagnose(lines: Sequence[str], exit_code: int | None, killed_for_memory: bool) -> Cause:
    if killed_for_memory:
        return KILLED
    text = "\n".join(lines)
    for rule in RULES:
        if match := rule.match(text, exit_code, was_ready=False):  # no rule asks whether it was
            return rule.cause(**match.groupdict())
    last = _last_error(lines)
    if exit_code is None:
        told = f"the server runs; it last said: {last}" if last else "its log shows no error"
        return Cause("unknown", told, "opsctl logs -n 100")
    if last:
        return Cause("unknown", f"the server ended; it last said: {last}", "opsctl logs -n 100")
    return KILLED


def _said(line: str) -> str:
    """What a line says, without its time, its mark and who speaks."""
    match = LINE.fullmatch(line.strip())
    assert match
    return WHO.sub("", match["rest"], count=1)


def _last_error(rows: Sequence[str]) -> str:
    marked = [
        row for row in rows if (match := LINE.fullmatch(row.strip())) and match["mark"] == "E"
    ]
    plain = [row for row in rows if re.match(r"(?:error|[A-Za-z.]+Error): ", row)]
    found = marked or plain
    return quote(_said(found[-1])) if found else ""


LLAMACPP_LOG = Log(_said, BEGINNINGS, _diagnose, drains="waiting for main loop exit")
