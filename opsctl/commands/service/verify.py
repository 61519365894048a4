"""opsctl verify: prove that the running server applies the adapter."""

import asyncio
import dataclasses
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core import settings
from core.errors import UsageError
from core.files import write_whole
from core.settings import Settings
from opsctl.terminal import output
from opsctl.terminal.options import Json

if TYPE_CHECKING:
    from opsctl.server.proof import Step


def verify(
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE", help="Write what the machine can do, in figures."),
    ] = None,
    questions: Annotated[
        Path | None, typer.Option("--questions", help="For --report: a file for opsctl eval.")
    ] = None,
    json: Json = False,
) -> None:
    """Prove on the running server that the adapter is applied, also after the first token.

    A report holds the machine, the start, the proof, the speed and how many answers are right: no
    secrets and no text of documents.
    """
    from assistant.server.errors import Refused
    from opsctl.launch.choose import no_server, started_service
    from opsctl.launch.proving import adapter_of, remember

    config = settings.load()
    adapter = adapter_of(config)
    if report and not report.absolute().parent.is_dir():
        hint = f"mkdir -p {shlex.quote(str(report.parent))}"
        raise UsageError(f"--report: there is no folder {report.parent}", hint)
    if not adapter and not report:
        raise _no_adapter(config)
    try:
        steps = asyncio.run(_steps(config, adapter, quiet=json))
    except Refused as error:
        raise no_server(config, "there is nothing to prove") from error
    if report:
        _write_report(config, steps, questions, report)
    if not adapter:
        return
    service = started_service(config)
    proof = remember(config, steps, service.state().identity if service else "")
    if json:
        output.write_json({**dataclasses.asdict(proof), "steps": [vars(step) for step in steps]})
    if not proof.applied:
        last = next(step for step in steps if step.result == "failed")
        output.error(last.detail, "opsctl logs server -n 300 | grep -i -E 'adapter|graphs|shim'")
        raise typer.Exit(1)


def _no_adapter(config: Settings) -> UsageError:
    if config.server_api == "openai":
        why = "none is set"
        hint = "set OPSCTL_SERVER_MODEL to the name of an adapter that the server has"
    else:
        why = "none is set, or the server was started without one"
        hint = "set OPSCTL_ADAPTER, or LORA_ADAPTERS in deploy/tgi.local.env"
    return UsageError(f"there is no adapter to prove: {why}", hint)


def _write_report(
    config: Settings, steps: "list[Step]", questions: Path | None, path: Path
) -> None:
    from opsctl.report import make_report

    text = make_report(config, steps, questions, output.note)
    write_whole(path, text)
    output.note(f"the report is in {path}: read it, then send it")


async def _steps(config: Settings, adapter: str, quiet: bool) -> "list[Step]":
    from assistant.server.state import examine
    from opsctl.launch.proving import look_at_files, prove

    found = await examine(config)
    if found.error and not found.lives:
        raise found.error
    if not adapter:
        return []
    steps = look_at_files(config)
    for step in steps:
        _show(step, quiet)
    if not any(step.result == "failed" for step in steps):
        async for step in prove(config, whole=True):
            _show(step, quiet)
            steps.append(step)
    return steps


def _show(step: "Step", quiet: bool) -> None:
    if not quiet:
        output.write(f"{step.result:8} {step.name:10} {step.detail}")
