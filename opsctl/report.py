"""What a first day on a machine can send home: figures alone, no secrets, no text of documents."""

import asyncio
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assistant.server.record import access
from core.errors import UserError
from core.secrets import redact
from core.server_file import ZERO_ADAPTER
from core.settings import Settings
from opsctl import __version__
from opsctl.launch.choose import started_service
from opsctl.launch.status import server_status
from opsctl.machine.gpu import Gpu, find_gpus
from opsctl.machine.memory import cores
from opsctl.server import last_run
from opsctl.server.last_run import Start
from opsctl.server.proof import Step
from opsctl.server.speed import AT_ONCE, Round, rounds

GIB = 1 << 30
TOKENS = 64  # of each answer that is timed
ASKED = 30  # questions of those in the file, evenly chosen
Say = Callable[[str], None]


@dataclass(frozen=True)
class Section:
    """A heading and its table, or why there is none."""

    title: str
    head: tuple[str, ...] = ()
    rows: Sequence[Sequence[object]] = ()
    none: str = ""


def make_report(config: Settings, steps: Sequence[Step], questions: Path | None, say: Say) -> str:
    """The report in Markdown; `questions` is a file for `opsctl eval` over what is indexed."""
    sections = [_machine(), _cards(config), _server(config), _start(config), _proof(steps)]
    say("measuring the speed: 1, 4 and 16 questions at once")
    sections.append(_speed(config))
    sections.append(_quality(config, questions, say))
    text = "\n\n".join(map(_in_markdown, sections))
    title = f"# opsctl {__version__}, {time.strftime('%Y-%m-%d %H:%M %z')}"
    return redact(f"{title}\n\n{text}\n", config.secrets)


def _machine() -> Section:
    import psutil

    memory = f"{psutil.virtual_memory().total / GIB:.1f} GiB"
    rows = [
        ("system", platform.platform()),
        ("processor", f"{_processor()}, {cores()} cores"),
        ("memory", memory),
        ("Python", platform.python_version()),
    ]
    return Section("Machine", ("", ""), rows)


def _processor() -> str:
    """The name that Linux gives it, where it does."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _cards(config: Settings) -> Section:
    report = find_gpus()
    head = ("card", "driver", "capability", "GiB", "used", "needed by arithmetic (TGI)")
    rows = [_card(gpu, config) for gpu in report.gpus]
    return Section("GPUs", head, rows, report.reason)


def _card(gpu: Gpu, config: Settings) -> tuple[object, ...]:
    from opsctl.machine import vram

    limits = vram.limits_of(config.server_file.config)
    kernel = vram.kernel_for(gpu.capability)
    planned = vram.needed(gpu.usable, limits, kernel) if gpu.usable else None
    capability = ".".join(map(str, gpu.capability)) if gpu.capability else "?"
    sizes = (_gib(size) for size in (gpu.total, gpu.used, planned))
    return (gpu.name, gpu.driver or "?", capability, *sizes)


def _server(config: Settings) -> Section:
    found = server_status(config)
    names = (
        "state", "name", "model_id", "max_input_tokens", "max_total_tokens",
        "max_concurrent_requests", "restarts", "reason",
    )  # fmt: skip
    rows: list[tuple[str, object]] = [(name, found[name]) for name in names if found.get(name)]
    if found.get("kind") == "docker":
        rows.append(("image", config.image))
    adapter: dict[str, Any] = found["adapter"]
    return Section("Server", ("", ""), [*rows, ("adapter", adapter["state"])])


def _start(config: Settings) -> Section:
    start, service = last_run.read(Start, config), started_service(config)
    if start is None or service is None or service.state().identity != start.server:
        return Section("Start", none="the start of this run was not watched")
    rows = [(name, f"{seconds:.1f}") for name, seconds in start.phases.items()]
    head = ("phase", "began after, s")
    return Section("Start", head, [*rows, ("answers", f"{start.seconds:.1f}")])


def _proof(steps: Sequence[Step]) -> Section:
    rows = [(step.name, step.result, step.detail) for step in steps]
    return Section("Adapter", ("step", "result", "detail"), rows, "no adapter is served")


def _speed(config: Settings) -> Section:
    async def measure() -> list[Round]:
        return [one async for one in rounds(config, TOKENS)]

    head = (
        "questions at once", "answered", "tokens of prompt", "first token, s, median", "longest",
        "tokens/s of one", "tokens/s of all",
    )  # fmt: skip
    try:
        found = asyncio.run(measure())
    except UserError as error:
        return Section("Speed", none=error.message)
    rows: list[Sequence[object]] = [
        (
            one.questions, one.answered, one.prompt_tokens, f"{one.first:.2f}",
            f"{one.worst_first:.2f}", f"{one.each:.1f}", f"{one.together:.1f}",
        )
        for one in found
    ]  # fmt: skip
    rows += [(count, 0, *["it would take too long"] * 5) for count in AT_ONCE[len(found) :]]
    return Section("Speed", head, rows)


def _quality(config: Settings, questions: Path | None, say: Say) -> Section:
    """Right answers to questions that have one, of those whose documents are in the index."""
    if questions is None:
        return Section("Answers", none="no file of questions was given (--questions)")
    from assistant.evaluate import answers
    from assistant.evaluate.questions import read_questions
    from assistant.retrieve import make_searcher

    searcher = make_searcher(config)
    files = searcher.files()
    known = [one for one in read_questions(questions) if one.file is None or one.file in files]
    asked = known[:: max(1, len(known) // ASKED)][:ASKED]
    rows = []
    for name, engine in _engines(config):
        say(f"asking {len(asked)} questions: {name}")
        judged = answers.judge(
            asked, searcher, config.top_k, config.contact, lambda *_: None, engine
        )
        if judged:
            told = answers.summed_up(judged)
            of = told.all
            refused = f"{told.unanswerable.refused} of {told.unanswerable.questions}"
            rows.append((name, of.questions, of.right, of.partly, of.wrong, of.refused, refused))
    head = ("by", "questions", "right", "partly", "wrong", "refused", "without an answer, refused")
    return Section("Answers", head, rows, "none of the questions is about what is indexed")


def _engines(config: Settings) -> Iterator[tuple[str, Settings | None]]:
    """Who is to answer: quotes, the model as it is served, and the base where it can be named."""
    yield "quotes", None
    how, served = access(config), replace(config, engine="server")
    yield ("the adapter" if how.adapter else "the model"), served
    service = started_service(config)
    base = service.naming("").get("model", "") if service else ""
    if how.api == "tgi" and how.adapter and ZERO_ADAPTER in config.server_file.adapters:
        yield "the base", replace(served, adapter=ZERO_ADAPTER)
    elif how.adapter and base:
        yield "the base", replace(served, server_api="openai", server_model=base)


def _gib(size: int | None) -> str:
    return "?" if size is None else f"{size / GIB:.1f}"


def _in_markdown(section: Section) -> str:
    if not section.rows:
        return f"## {section.title}\n\n{section.none}"
    lines = [section.head, ["---"] * len(section.head), *section.rows]
    table = "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)
    return f"## {section.title}\n\n{table}"


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")
