"""Reads the log of the model server: its lines, how far a start is, and why it failed."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from core.secrets import redact
from opsctl.server.causes import CAUSES, Rule

Phase = Literal["download", "shard", "packing", "adapters", "webserver", "warm-up", "ready"]

PHASES: dict[Phase, str] = {
    "download": "looking for the model's files",
    "shard": "loading the model",
    "packing": "packing its weights for this CPU, once",
    "adapters": "loading the adapters",
    "webserver": "starting the web server",
    "warm-up": "warming up",
    "ready": "ready",
}
BEGINNINGS: tuple[tuple[str, Phase], ...] = (
    ("Starting check and download process", "download"),
    ("Files are already present on the host", "download"),
    ("Download file", "download"),
    ("Starting shard", "shard"),
    ("loading model", "shard"),
    ("packing the weights", "packing"),
    ("Loading adapter weights into model", "adapters"),
    ("loading adapter", "adapters"),
    ("Starting Webserver", "webserver"),
    ("Warming up model", "warm-up"),
    ("Connected", "ready"),
    ("ready on", "ready"),
)
LONGEST_QUOTE = 300
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
TEXT = re.compile(r"(\d{4}-\d\d-\d\dT\S+)\s+(TRACE|DEBUG|INFO|WARN|ERROR)\s+(.*)", re.DOTALL)
ORIGIN = re.compile(r"(?:[^\"']*?: )?text_generation_\w+(?:::\w+)*: (?:\S+\.rs:\d+: )?")
KV_TOKENS = re.compile(r"Setting max batch total tokens to (\d+)")
FAULT = re.compile(r"(?:Error|error): |[A-Za-z_.]+(?:Error|Exception|Found):")

# What the launcher says of every failure, whatever it was.
EMPTY_WORDS = re.compile(
    r"Error: \w+$|Shard \d+ (?:failed to start|crashed)$|Shutting down shards$"
)


@dataclass(frozen=True)
class Entry:
    """One line of the log; a line in no known form is all message."""

    time: str | None
    level: str | None
    message: str


@dataclass(frozen=True)
class Cause:
    """Why the server does not work, in a sentence, and what helps."""

    name: str
    sentence: str
    fix: str


def parse(line: str) -> Entry:
    """Read a line: the launcher's JSON, the router's flat JSON, coloured text, or anything."""
    line = ANSI.sub("", line.rstrip("\r\n"))
    found = _record(line)
    if found:
        fields = found.get("fields")
        message = fields.get("message") if isinstance(fields, dict) else found.get("message")
        if isinstance(message, str):
            return Entry(_text(found.get("timestamp")), _text(found.get("level")), message)
    match = TEXT.fullmatch(line)
    if match:
        time, level, rest = match.groups()
        return Entry(time, level, ORIGIN.sub("", rest, count=1))
    return Entry(None, None, line)


def phase(message: str) -> Phase | None:
    """The phase of the start that a message begins, TGI's or localtgi's."""
    return next((phase for start, phase in BEGINNINGS if message.startswith(start)), None)


def kv_tokens(message: str) -> int | None:
    """How many tokens of KV cache the server has, told once at the end of its warm-up."""
    match = KV_TOKENS.search(message)
    return int(match[1]) if match else None


def classify(lines: Iterable[str], exit_code: int | None, oom_killed: bool = False) -> Cause:
    """Say why the server failed, or what ails a running one (exit_code None), from its last run."""
    entries = _last_run([parse(line) for line in lines])
    if oom_killed:
        return _cause(CAUSES["memory"])
    if exit_code == 0:
        return _cause(CAUSES["stopped"])
    last = _last_words(entries, exit_code)
    for rule in CAUSES.values():
        match = rule.match(_part(entries, rule), exit_code)
        if match:
            return _cause(rule, last=last, **match.groupdict())
    return _unknown(entries, exit_code, last)


def _record(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _last_run(entries: Sequence[Entry]) -> Sequence[Entry]:
    """A container that Docker started again goes on with the same log."""
    starts = [place for place, entry in enumerate(entries) if entry.message.startswith("Args {")]
    return entries[starts[-1] :] if starts else entries


def _part(entries: Sequence[Entry], rule: Rule) -> str:
    """The text a rule looks at: before the end of the warm-up, after it, or all."""
    places = [place for place, entry in enumerate(entries) if kv_tokens(entry.message) is not None]
    end = places[0] + 1 if places else len(entries)
    part = {"before": entries[:end], "after": entries[end:]}.get(rule.where, entries)
    return "\n".join(entry.message for entry in part)


def _cause(rule: Rule, **words: str | None) -> Cause:
    quoted = {name: _quote(text or "") for name, text in words.items()}
    return Cause(rule.name, rule.sentence.format(**quoted).strip(), rule.fix.format(**quoted))


def _quote(text: str) -> str:
    return redact(" ".join(text.split()))[:LONGEST_QUOTE]


def _last_words(entries: Sequence[Entry], exit_code: int | None) -> str:
    """The last line that tells of a fault; of a server that has ended, else its last line."""
    rows = [(entry.level, row.strip()) for entry in entries for row in entry.message.splitlines()]
    rows = [(level, row) for level, row in rows if row and not EMPTY_WORDS.match(row)]
    faults = [row for _, row in rows if FAULT.match(row)]
    errors = faults or [row for level, row in rows if level == "ERROR"]
    told = errors or ([row for _, row in rows] if exit_code is not None else [])
    return told[-1] if told else ""


def _unknown(entries: Sequence[Entry], exit_code: int | None, last: str) -> Cause:
    phases = [found for entry in entries if (found := phase(entry.message))]
    if exit_code is not None:
        said = f"; it last said: {_quote(last)}" if last else " and said nothing"
        sentence = f"the server ended with exit code {exit_code}{said}"
        return Cause("unknown", sentence, "opsctl logs -n 100" if last else "opsctl doctor")
    if last:
        return Cause("unknown", f"the server runs; it last said: {_quote(last)}", "opsctl logs -f")
    if phases and phases[-1] != "ready":
        return Cause("starting", f"it is still {PHASES[phases[-1]]}", "opsctl logs -f")
    return Cause("unknown", "its log shows no error", "opsctl logs -n 100")
