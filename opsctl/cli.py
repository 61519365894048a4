"""Registers the commands; `main` is the one place that turns an error into words."""

import errno
import os
import re
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from core.errors import UsageError, UserError
from core.files import access_hint
from core.project import above, missing
from opsctl import __version__
from opsctl.terminal import output
from opsctl.terminal.lazy import lazy_group

EPILOG = (
    "Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 not running or unhealthy, 130 interrupted."
    " Settings: opsctl doctor --settings"
)

# Where each command is in opsctl/commands, and a line that fits the list of commands.
COMMANDS = {
    "init": ("init:init", "Make a project in a folder of its own."),
    "setup": ("setup:setup", "Check the machine, download, index, ask what is missing."),
    "download": ("download:download", "Download model, adapter and embedder; resumable."),
    "reindex": ("reindex:reindex", "Index new and changed documents, forget deleted ones."),
    "start": ("service.start:start", "Start the model server, prove the adapter, start the bot."),
    "stop": ("service.stop:stop", "Stop the bot and the model server."),
    "restart": ("service.restart:restart", "Restart both, with the same kind of server."),
    "bot": ("service.bot:bot", "Run the bot in this terminal."),
    "ask": ("ask:ask", "Answer a question from the documents, with its source."),
    "chat": ("chat:chat", "Ask in a dialogue."),
    "status": ("service.status:status", "Show the model server, the bot and the index."),
    "logs": ("service.logs:logs", "Show the log of the model server or the bot."),
    "vram": ("service.vram:vram", "Show the GPUs' memory, who holds it, and what fits."),
    "verify": ("service.verify:verify", "Prove that the running server applies the adapter."),
    "bench-server": (
        "service.bench_server:bench_server",
        "Measure how fast the running model server answers.",
    ),
    "doctor": ("doctor:doctor", "Check everything that could be wrong; show settings."),
    "eval": ("evaluate:evaluate", "Measure the search on your own questions."),
    "users": ("users:app", "List the bot's people, let them in, remove them."),
    "train": ("train:app", "Train an adapter of your own, and serve it."),
}

_NO_NUMBER = re.compile(r"is not a valid int(?:eger)?(?: range)?\b")
# Typer's own copy of click has it, and gives no other name for it.
WrongUsage: Any = typer.BadParameter.__base__

app = lazy_group(
    "opsctl.commands",
    COMMANDS,
    help="Answers questions from a folder of documents, with file and page.",
    epilog=EPILOG,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        output.write(f"opsctl {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    directory: Annotated[
        Path | None,
        typer.Option("-C", metavar="DIR", help="Work on the project in DIR, as if called there."),
    ] = None,
) -> None:
    if directory is not None:
        _enter(directory)


def _enter(folder: Path) -> None:
    """Go into a project's folder; children are started there too, and hints name it."""
    output.keep_folder(folder, COMMANDS.keys() - {"init"})
    try:
        os.chdir(folder)
    except OSError as error:
        raise UsageError(
            f"-C {folder}: {error.strerror}", "ls -ld " + shlex.quote(str(folder))
        ) from error
    here = Path.cwd()
    if above(here) is None:
        raise missing(here)


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    _print_every_letter()
    try:
        code = app(standalone_mode=False)
    except WrongUsage as error:
        _misused(error)
    except typer.Abort:
        sys.exit(130)
    except UserError as error:
        output.error(error.message, error.hint)
        if _debugging():
            import traceback

            traceback.print_exc()
        sys.exit(error.exit_code)
    except Exception as error:
        if _debugging():
            raise
        told = _in_words(error)
        output.error(told.message, told.hint)
        sys.exit(told.exit_code)
    sys.exit(code)


def _print_every_letter() -> None:
    for stream in (sys.stdout, sys.stderr):
        ascii_only = stream.encoding.lower() in ("ascii", "ansi_x3.4-1968")  # LC_ALL=C
        encoding = "utf-8" if ascii_only else None
        stream.reconfigure(encoding=encoding, errors="replace")  # type: ignore[union-attr]


def _misused(error: Any) -> NoReturn:
    """Say what is wrong with the command line; one without any arguments is shown the help."""
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
    else:
        sentence = _NO_NUMBER.sub("is no whole number", error.format_message().rstrip("."))
        path = error.ctx.command_path if error.ctx else "opsctl"
        output.error(sentence[:1].lower() + sentence[1:], f"{path} --help")
    sys.exit(2)


def _in_words(error: Exception) -> UserError:
    """What this machine refuses or lacks, told as such; all else is a fault of opsctl."""
    if isinstance(error, OSError):
        return UserError(f"{error.filename or 'output'}: {error.strerror or error}", _help(error))
    if isinstance(error, ModuleNotFoundError):
        return _missing(error)
    from core.secrets import redact

    return UserError(
        redact(f"{type(error).__name__}: {error}", ()),
        "this is a fault of opsctl: OPSCTL_DEBUG=1 shows where",
    )


def _help(error: OSError) -> str:
    """What helps where the rights of this user are not enough; else nothing."""
    denied = error.errno in (errno.EACCES, errno.EPERM, errno.EROFS)
    return access_hint(Path(error.filename)) if denied and error.filename else ""


def _missing(error: ModuleNotFoundError) -> UserError:
    """Name the extra that a module belongs to; one of the base means half an installation."""
    from core import extras

    name = (error.name or "").partition(".")[0]
    extra = next((one for one in reversed(extras.MODULES) if name in extras.MODULES[one]), "")
    if not extra:
        raise error
    return extras.missing(extra, name)


def _debugging() -> bool:
    from core import settings

    try:
        return settings.load().debug
    except Exception:  # it is the settings that cannot be read
        return False
