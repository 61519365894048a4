"""opsctl vram: what the GPUs hold, what the model needs by arithmetic, and what fits."""

import dataclasses
import io
import sys
import time
from contextlib import redirect_stdout
from types import ModuleType
from typing import Annotated, Any

import typer

from core import settings
from core.errors import UsageError, UserError
from core.settings import Settings
from core.text import printable
from opsctl.machine import vram as under_tgi
from opsctl.machine import vram_vllm as under_vllm
from opsctl.machine.vram import GIB, Limits, limits_of
from opsctl.terminal import output
from opsctl.terminal.options import Json

REFRESH_SECONDS = 2.0
ARITHMETIC = {"docker": under_tgi, "vllm": under_vllm}


def vram(
    watch: Annotated[bool, typer.Option("--watch", help="Show it again every 2 s.")] = False,
    server: Annotated[
        str, typer.Option("--server", help="For docker (TGI) or vllm; else what was started.")
    ] = "",
    json: Json = False,
) -> None:
    """Show the memory of the GPUs, who holds it, what the model needs, and what fits."""
    config = settings.load()
    case = Case(_limits(config), _kind(config, server))
    if watch:
        _watch(case, json)
    elif json:
        output.write_json(_survey(case))
    else:
        _show(_survey(case))


@dataclasses.dataclass(frozen=True)
class Case:
    """What is reckoned with: the limits, and the kind of server."""

    limits: Limits
    kind: str

    @property
    def arithmetic(self) -> ModuleType:
        """That of the server."""
        return ARITHMETIC[self.kind]


def _kind(config: Settings, asked: str) -> str:
    from assistant.server.record import read_record

    if asked and asked not in ARITHMETIC:
        raise UsageError(f"--server is {asked!r}", f"choose one of: {', '.join(ARITHMETIC)}")
    record = read_record(config)
    return asked or ("vllm" if record and record.wanted == "vllm" else "docker")


def _limits(config: Settings) -> Limits:
    try:
        server = config.server_file.config
    except UserError as error:
        output.note(f"{error.message}; reckoned with 3072 + 1024 tokens a request")
        return Limits()
    return limits_of(server)


def _watch(case: Case, json: bool) -> None:
    if sys.stdout.isatty() and not json:
        _watch_on_terminal(case)
    while True:
        survey = _survey(case)
        output.write_json_line(survey) if json else _show(survey)
        time.sleep(REFRESH_SECONDS)


def _watch_on_terminal(case: Case) -> None:
    from rich.live import Live
    from rich.text import Text

    with Live(auto_refresh=False) as live:
        while True:
            block = io.StringIO()
            with redirect_stdout(block):
                _show(_survey(case))
            live.update(Text(block.getvalue()), refresh=True)
            time.sleep(REFRESH_SECONDS)


def _survey(case: Case) -> dict[str, Any]:
    from opsctl.machine.gpu import find_gpus

    report = find_gpus()
    return {
        "source": report.source,
        "driver": report.driver,
        "reason": report.reason,
        "server": case.kind,
        "limits": dataclasses.asdict(case.limits),
        "least": case.arithmetic.least_memory(case.limits, "marlin"),
        "gpus": [_gpu(gpu, case) for gpu in report.gpus],
    }


def _gpu(gpu: Any, case: Case) -> dict[str, Any]:
    from opsctl.machine.vram import kernel_for

    limits, reckon = case.limits, case.arithmetic
    told = dataclasses.asdict(gpu) | {"verdict": dataclasses.asdict(reckon.explain(gpu))}
    if gpu.usable is None or gpu.free is None:
        return told | {"model": None}
    kernel = kernel_for(gpu.capability)
    own = sum(process.used or 0 for process in gpu.processes if process.server)
    free = gpu.free + own  # what a start would find once the server that runs has gone
    prediction = reckon.predict(gpu.usable, limits, kernel, taken=gpu.usable - free)
    model = {
        "parts": dict(reckon.rows(gpu.usable, limits, kernel)),
        "needed": reckon.needed(gpu.usable, limits, kernel),
        "free": free,
        "server": own > 0,
    }
    return told | {"model": model | dataclasses.asdict(prediction)}


def _show(survey: dict[str, Any]) -> None:
    if not survey["gpus"]:
        output.write(f"no NVIDIA GPU here: {survey['reason']}")
        request = survey["limits"]["max_total"]
        output.write(
            f"the model needs a card with {_gib(survey['least'])} GiB or more for one request of"
            f" {request} tokens (an estimate)"
        )
    for gpu in survey["gpus"]:
        _show_gpu(gpu, survey["limits"]["max_total"])


def _show_gpu(gpu: dict[str, Any], request: int) -> None:
    verdict = gpu["verdict"]
    output.write(f"GPU {gpu['index']}: {printable(gpu['name'])}, driver {gpu['driver'] or '?'}")
    output.write(f"{verdict['result']}: {verdict['sentence']}\n")
    rows: list[tuple[object, ...]] = [("memory", "GiB")]
    rows += [(name, _gib(gpu[name])) for name in ("total", "used", "free")]
    for process in gpu["processes"]:
        who = "model server" if process["server"] else process["name"] or "unknown program"
        rows.append((f"  {who}, pid {process['pid']}", _gib(process["used"])))
    output.write_table(rows)
    model = gpu["model"]
    if model is None:
        output.write("\nthis card does not report its memory: what fits is unknown\n")
        return
    output.write("")
    rows = [
        ("the model needs", "GiB"),
        *((name, _gib(size)) for name, size in model["parts"].items()),
    ]
    output.write_table([*rows, ("together", _gib(model["needed"]))])
    output.write(f"\n{_told(model, request, verdict['result'])}\n")


def _told(model: dict[str, Any], request: int, card: str) -> str:
    without = ", without the model server that runs" if model["server"] else ""
    free = f"{_gib(model['free'])} GiB are free{without}"
    if not model["fits"]:
        return f"it does not fit: {_gib(model['needed'])} GiB are needed, {free}"
    if card == "failed":
        return f"the memory would be enough ({free}); the card is not"
    return (
        f"it fits: {free}; {model['parallel']} requests of {request} tokens at once"
        f" ({_round(model['kv_tokens'])} KV tokens, estimated)"
    )


def _gib(size: int | None) -> str:
    return "?" if size is None else f"{size / GIB:.2f}"


def _round(tokens: int) -> str:
    return f"{round(tokens, -2):,}"
