"""Registers the commands; `main` is the one place that turns an error into words."""

import sys
import traceback
from typing import Annotated, NoReturn

import typer

from indexer.errors import UserError
from opsctl import __version__, output
from opsctl.commands import (
    ask,
    chat,
    doctor,
    download,
    evaluate,
    logs,
    reindex,
    restart,
    setup,
    start,
    status,
    stop,
    train,
    users,
    verify,
    vram,
)
from opsctl.redact import redact

EPILOG = (
    "Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 not running or unhealthy, 130 interrupted."
    " Settings: opsctl doctor --settings"
)

app = typer.Typer(
    help="Answers questions from a folder of documents, with file and page.",
    epilog=EPILOG,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(setup.setup)
app.command()(download.download)
app.command()(reindex.reindex)
app.command()(start.start)
app.command()(stop.stop)
app.command()(restart.restart)
app.command()(ask.ask)
app.command()(chat.chat)
app.command()(status.status)
app.command()(logs.logs)
app.command()(vram.vram)
app.command()(verify.verify)
app.command()(doctor.doctor)
app.command("eval")(evaluate.evaluate)
app.add_typer(users.app, name="users")
app.add_typer(train.app, name="train")


def _version(asked: bool) -> None:
    if asked:
        output.write(f"opsctl {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        app()
    except UserError as error:
        output.error(error.message, error.hint)
        if _debugging():
            traceback.print_exc()
        sys.exit(error.exit_code)
    except OSError as error:
        if _debugging():
            raise
        output.error(f"{error.filename or 'output'}: {error.strerror or error}")
        sys.exit(1)
    except Exception as error:
        if _debugging():
            raise
        output.error(
            redact(f"{type(error).__name__}: {error}", ()),
            "this is a fault of opsctl: OPSCTL_DEBUG=1 shows where",
        )
        sys.exit(1)
    sys.exit(0)


def _debugging() -> bool:
    from assistant import settings

    try:
        return settings.load().debug
    except Exception:  # it is the settings that can not be read
        return False
