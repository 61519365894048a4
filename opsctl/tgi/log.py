"""Reads the log of TGI, and of localtgi, which speaks as it does."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from opsctl.server.log import ANSI, PHASES, Beginnings, Cause, Log, quote
from opsctl.tgi.boxes import folded, is_box, unboxed
from opsctl.tgi.causes import CAUSES

BEGINNINGS: Beginnings = (
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
UNHEARD_STOP = 143  # a SIGTERM before there was a handler of it
TEXT = re.compile(r"(\d{4}-\d\d-\d\dT\S+)\s+(TRACE|DEBUG|INFO|WARN|ERROR)\s+(.*)", re.DOTALL)
# The spans of a line (with their fields), the module, and the router's place in its source.
ORIGIN = re.compile(r"(?:[\w-]+(?:\{.*?\})?:)*? ?text_generation_\w+(?:::\w+)*: (?:\S+\.rs:\d+: )?")
FRAGMENT = re.compile(r'[^{].*"target":"text_generation_.*\}')
ADAPTERS = re.compile(r'lora_adapters: Some\(\s*"([^"]*)"')
ADAPTER_ID = re.compile(r'adapter_id: Some\("([^"]*)"\)')
DURATION = re.compile(r"(\d+(?:\.\d)?)\d*(m?s|µs|ns)")
KV_TOKENS = re.compile(r"Setting max batch total tokens to (\d+)")
FAULT = re.compile(r"(?:Error|error): |[A-Za-z_.]+(?:Error|Exception|Found):")

# What the launcher says of every failure, whatever it was.
EMPTY_WORDS = re.compile(
    r"Error: (?:\w+|\{.*)$|Shard \d+ (?:failed to start|crashed)$|Shutting down shards$"
    r"|(?:Terminating|Waiting for|Killing) |(?:shard|webserver) (?:terminated|killed)$"
    r"|Webserver ?(?:Crashed|Failed)$|note: run with|Success$"
)
ANSWERED = "Success"


@dataclass(frozen=True)
class Entry:
    """One line of the log; a line in no known form is all message. `detail` is how long an answer
    took, and by which adapter."""

    time: str | None
    level: str | None
    message: str
    detail: str = ""


def parse(line: str) -> Entry:
    """Read a line: the launcher's JSON, the router's flat JSON, coloured text, or anything."""
    line = ANSI.sub("", line.rstrip("\r\n"))
    found = _record(line)
    if found:
        fields = found.get("fields")
        message = fields.get("message") if isinstance(fields, dict) else found.get("message")
        if isinstance(message, str):
            detail = _answered(found.get("span")) if message == ANSWERED else ""
            return Entry(_text(found.get("timestamp")), _text(found.get("level")), message, detail)
    match = TEXT.fullmatch(line)
    if match:
        time, level, rest = match.groups()
        return Entry(time, level, ORIGIN.sub("", rest, count=1))
    return Entry(None, None, line)


def readable(lines: Iterable[str]) -> Iterator[Entry]:
    """The entries for the eye: a line tells of the box of a traceback."""
    for boxed, rows in groupby(lines, is_box):
        if boxed:
            yield Entry(None, None, folded("\n".join(rows)))
        else:
            for entry in map(parse, rows):
                yield replace(entry, message=folded(entry.message))


def kv_tokens(message: str) -> int | None:
    """How many tokens of KV cache the server has, told once at the end of its warm-up."""
    match = KV_TOKENS.search(message)
    return int(match[1]) if match else None


def whole(lines: list[str]) -> list[str]:
    """The lines without the first where that is the end of one: Docker counts pieces of 16 KB."""
    return lines[1:] if lines and FRAGMENT.fullmatch(lines[0]) else lines


def _answered(span: object) -> str:
    known = span if isinstance(span, dict) else {}
    took = DURATION.match(str(known.get("total_time", "")))
    adapter = ADAPTER_ID.search(str(known.get("parameters", "")))
    words = (f"in {took[1]} {took[2]}" if took else "", f"by {adapter[1]}" if adapter else "")
    return " ".join(word for word in words if word)


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


def _diagnose(lines: Sequence[str], exit_code: int | None, oom_killed: bool) -> Cause:
    if oom_killed:
        return CAUSES["memory"].cause()
    if exit_code in (0, UNHEARD_STOP):
        return CAUSES["stopped"].cause()
    parsed = [parse(line) for line in whole(list(lines))]
    entries = [replace(entry, message=unboxed(entry.message)) for entry in parsed]
    entries = [entry for entry in entries if not is_box(entry.message)]
    last, ready = _last_words(entries, exit_code), TGI_LOG.was_ready(lines)
    text = "\n".join(entry.message for entry in entries)
    for rule in CAUSES.values():
        if match := rule.match(text, exit_code, ready):
            words = match.groupdict()
            if "adapter" in words:
                words["adapter"] = _place(words["adapter"] or "", text)
            return rule.cause(last=last, **words)
    return _unknown(entries, exit_code, last)


def _place(adapter: str, text: str) -> str:
    """An adapter's folder, as the run's arguments tell it, with its name where it has another."""
    given = ADAPTERS.search(text)
    for entry in given[1].split(",") if given else ():
        name, _, folder = entry.partition("=")
        if name == adapter and folder:
            return folder
    return adapter


def _last_words(entries: Sequence[Entry], exit_code: int | None) -> str:
    """The last line that tells of a fault; of a server that has ended, else its last line."""
    rows = [(entry.level, row.strip()) for entry in entries for row in entry.message.splitlines()]
    rows = [(level, row) for level, row in rows if row and not EMPTY_WORDS.match(row)]
    faults = [row for _, row in rows if FAULT.match(row)]
    errors = faults or [row for level, row in rows if level == "ERROR"]
    told = errors or ([row for _, row in rows] if exit_code is not None else [])
    return told[-1] if told else ""


def _unknown(entries: Sequence[Entry], exit_code: int | None, last: str) -> Cause:
    phases = [found for entry in entries if (found := TGI_LOG.phase(entry.message))]
    if exit_code is not None:
        said = f"; it last said: {quote(last)}" if last else " and said nothing"
        sentence = f"the server ended with exit code {exit_code}{said}"
        return Cause("unknown", sentence, "opsctl logs -n 100" if last else "opsctl doctor")
    if last:
        return Cause("unknown", f"the server runs; it last said: {quote(last)}", "opsctl logs -f")
    if phases and phases[-1] != "ready":
        return Cause("starting", f"it is still {PHASES[phases[-1]]}", "opsctl logs -f")
    return Cause("unknown", "its log shows no error", "opsctl logs -n 100")


TGI_LOG = Log(
    lambda line: parse(line).message,
    BEGINNINGS,
    _diagnose,
    drains="signal received, starting graceful shutdown$",
    opens="Args {",
    serves=rf"{ANSWERED}$|{KV_TOKENS.pattern}",
)
