"""opsctl start: bring the model server up and wait until it answers."""

import shlex
import sys
from typing import Annotated

import typer

from core import settings
from core.errors import UsageError
from core.settings import Settings
from opsctl.doctor.unknown import in_words
from opsctl.machine.private_state import narrow_state
from opsctl.terminal import output

KINDS = ("auto", "docker", "vllm", "llamacpp", "local", "none")
ServerKind = Annotated[
    str,
    typer.Option(
        "--server",
        help="docker (TGI) or vllm, which need a GPU; llamacpp, local (localtgi), none, or auto.",
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        help="For llamacpp: FILE.gguf, or OWNER/NAME:FILE.gguf of the Hub. For local and vllm: a"
        " folder, or a downloaded Hub name.",
    ),
]
Minutes = Annotated[
    float, typer.Option("--timeout", min=0.01, help="How long to wait for it, in minutes.")
]


def start(
    server: ServerKind = "auto",
    model: Model = None,
    timeout: Minutes = 15,
    foreground: Annotated[
        bool, typer.Option("--foreground", help="Run the bot in this terminal, for containers.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the command line, and start nothing.")
    ] = False,
) -> None:
    """Start the model server, prove that the adapter is applied, then start the Telegram bot."""
    from assistant.server.record import access
    from opsctl.keeper.process import BotProcess

    loaded = settings.load_with_origins()
    if unknown := loaded.unknown:
        output.note(f"warning: no such setting: {in_words(unknown)}")
    if ignored := loaded.ignored_lines():
        output.note(f"warning: {ignored}")
    before = access(loaded.settings)
    if not (foreground and server == "none"):  # the bot's own service: the server stays as it is
        bring(loaded.settings, server, model, timeout, dry_run=dry_run)
    if dry_run:
        return
    bot = BotProcess(loaded.settings)
    if access(loaded.settings) != before and bot.stop():
        output.note("restarting the bot: it is to ask another model server")
    elif not foreground and bot.is_outdated() and bot.stop():
        output.note("restarting the bot: the one that runs is of another release")
    start_bot(loaded.settings, foreground)


def bring(
    config: Settings,
    server: str,
    model: str | None,
    minutes: float,
    *,
    dry_run: bool = False,
    again: bool = False,
) -> None:
    """Start the server that is asked for, or the one that suits this machine."""
    from opsctl.launch.bring_up import bring_up
    from opsctl.launch.checks import checks
    from opsctl.launch.choose import last_model, make_service, suggest
    from opsctl.terminal.check import raise_first

    if server not in KINDS:
        raise UsageError(f"--server is {server!r}", f"choose one of: {', '.join(KINDS)}")
    if model and server in ("auto", "docker", "none"):
        like = f"llamacpp --model {model}" if ".gguf" in model.lower() else "local --model DIR"
        raise UsageError(f"--model is not for --server {server}", f"opsctl start --server {like}")
    kind, known = suggest(config) if server == "auto" else (server, None)
    if kind == "llamacpp":
        known = last_model(config)
    if kind == "none":
        _start_none(config, asked=server == "none")
        return
    service = make_service(kind, config, model or known)
    if dry_run:
        if kind == "docker":
            raise_first(checks(config, {"tgi.env"}))
        output.write(shlex.join(service.command()))
        return
    bring_up(config, service, minutes * 60, again)
    output.note('try it: opsctl ask "…"')


def start_bot(config: Settings, foreground: bool = False) -> None:
    """Start the bot where there is a token for it; in the foreground it must be there."""
    narrow_state(config)
    if foreground:
        from opsctl.keeper.runner import run_bot

        _tell_of_claim(config)
        raise typer.Exit(run_bot(config))
    from opsctl.index.freshness import keep_fresh

    keep_fresh(config)
    if not config.telegram_token:
        output.note("no Telegram token, so no bot (opsctl setup asks for it)")
        return
    from opsctl.keeper.process import BotProcess

    if names := settings.load_with_origins().passed_over:
        output.note(f"not read from .env: {', '.join(names)}; set OPSCTL_TELEGRAM_PROXY there")
    bot = BotProcess(config)
    started = bot.start()
    if started == "already":
        output.note("the bot is already running (opsctl restart, if settings have changed)")
        _tell_of_claim(config)
        return
    if started == "running":
        output.note("the bot is running: write to it in Telegram (opsctl logs bot)")
    else:
        _tell_of_trouble((bot.health() or {}).get("trouble"))
    _tell_of_logout(config)
    _tell_of_claim(config)


def _tell_of_claim(config: Settings) -> None:
    """Say how to become the first administrator; the code itself only where no log gets it."""
    from opsctl.telegram.claim import claim

    if not config.telegram_token:
        return
    lines = claim(config)
    if lines and not sys.stderr.isatty():
        lines = ["the bot has no administrator yet: opsctl users claim shows how to become one"]
    for line in lines:
        output.note(line)


def _tell_of_trouble(trouble: dict[str, str] | None) -> None:
    why = f": {trouble['sentence']}" if trouble else " (opsctl logs bot)"
    output.note(f"the bot is running, but Telegram does not answer it yet{why}")
    if trouble:
        output.note(f"hint: {trouble['fix']}")


def _tell_of_logout(config: Settings) -> None:
    """Say when the bot will end with the session, which nobody expects of a service."""
    from opsctl.keeper.systemd import UserUnit, ends_at_logout

    if UserUnit(config).is_in_charge() and ends_at_logout():
        output.note("it ends when you log out; to keep it running: loginctl enable-linger")


def _start_none(config: Settings, asked: bool) -> None:
    """Start no model server; say who answers, and where none was asked for, why."""
    from assistant.server.record import forget, is_of_others
    from opsctl.launch.checks import can_run_tgi
    from opsctl.launch.choose import check_none_runs, tell_of_others

    if asked:
        check_none_runs(config)
        forget(config)
    if is_of_others(config):
        tell_of_others(config)
        return
    if not asked:
        reason = can_run_tgi() or "Docker is not installed"
        output.note(f"no model server is started: {reason}, and no model is downloaded")
        output.note("with a model on this machine: opsctl download, opsctl start --server local")
    output.note('answers are quotes from the documents: opsctl ask "…"')
