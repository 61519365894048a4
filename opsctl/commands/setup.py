"""opsctl setup: from a fresh checkout to the point where `opsctl start` works."""

import sys
from typing import Annotated

import typer

from core import settings
from core.files import SECRET, whole_file
from core.settings import Loaded, Settings
from core.text import printable
from opsctl.machine.private_state import narrow_state
from opsctl.terminal import output
from opsctl.terminal.check import Check


def setup(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; do all of it.")] = False,
    skip_download: Annotated[
        bool, typer.Option("--no-download", help="Do not download models.")
    ] = False,
) -> None:
    """Check the machine, ask for what is missing, download the models, index the documents.

    Running it again is safe: it keeps what is there.
    """
    from assistant.server.record import is_foreign
    from opsctl.launch.checks import can_run_tgi
    from opsctl.launch.choose import tell_of_others
    from opsctl.telegram.questions import ask_about_bot, rejection

    loaded = settings.load_with_origins()
    config = loaded.settings
    if ignored := loaded.ignored_lines():
        output.note(f"warning: {ignored}")
    asking = not yes and sys.stdin is not None and sys.stdin.isatty()
    config.documents.mkdir(parents=True, exist_ok=True)
    narrow_state(config)
    _write_env(loaded, {})
    if asking:
        # Ctrl-C there leaves what was typed in .env.
        ask_about_bot(config, lambda name, value: _write_env(loaded, {name: value}))
    wrong_token = None if asking else rejection(config)
    no_gpu, others = can_run_tgi(), is_foreign(config)
    if others:
        tell_of_others(config)
    elif no_gpu:
        output.note(
            f"no model server on this machine ({no_gpu}): answers will be quotes from the documents"
        )
    else:
        _prepare_server(loaded, asking, skip_download)
    indexed = _index(settings.load())
    if wrong_token:
        raise wrong_token
    _tell_next(settings.load(), model=not (no_gpu or others), indexed=indexed)


def _tell_next(config: Settings, *, model: bool, indexed: bool) -> None:
    """Say what to do next: a command that works now."""
    from opsctl.telegram.claim import claim

    if config.telegram_token:
        for line in claim(config):
            output.note(line)
    if config.telegram_token or model:
        output.note(f"next: {output.program()} start")
    elif indexed:
        output.note(f'next: {output.program()} ask "…"')


def _write_env(loaded: Loaded, values: dict[str, str]) -> None:
    """Add settings to .env, which only its owner may read; what stands there stays."""
    path = loaded.root / ".env"
    if path.is_file() and not values:
        path.chmod(0o600)
        return
    head = "# Settings, NAME=value without quotes; opsctl doctor --settings lists all of them.\n"
    text = path.read_text(encoding="utf-8-sig") if path.is_file() else head
    text += "" if text.endswith("\n") else "\n"
    text += "".join(f"{name}={value}\n" for name, value in values.items())
    with whole_file(path, SECRET) as draft:
        draft.write_text(text, encoding="utf-8")
    output.note(f"wrote {path}")


def _prepare_server(loaded: Loaded, asking: bool, skip_download: bool) -> None:
    """Check what the server needs, then download it: TGI's models, which localtgi serves too."""
    from opsctl.launch.checks import checks
    from opsctl.machine.programs import is_installed

    config = loaded.settings
    wanted = {"gpu", "memory", "tgi.env"}
    if is_installed("docker"):
        wanted |= {"docker", "toolkit"}
    else:
        output.note("Docker is not installed: localtgi will serve the model, without TGI's speed")
    found = checks(config, wanted)
    for check in found:
        _show(check)
    if skip_download:
        return
    if any(check.result == "failed" for check in found):
        output.note("the models are not downloaded until this is fixed")
        _index(settings.load())
        raise typer.Exit(1)
    if asking and not typer.confirm("Download the models now (about 5 GB)?", default=True):
        return
    if asking:
        _offer_embedder(loaded)
    _install(["neural"] if is_installed("docker") else ["local", "neural"])
    from opsctl.commands.download import download

    download(names=None)


def _offer_embedder(loaded: Loaded) -> None:
    """Ask, where none is named, which of two embedders is to be downloaded."""
    from indexer.embedders.models import AUTO, BETTER_MODEL, DEFAULT_MODEL, WHY_BETTER, locate

    config = loaded.settings
    if config.embedder != AUTO or config.embedder_url or locate(DEFAULT_MODEL, config.models):
        return
    question = f"Take the embedder {BETTER_MODEL} instead of {DEFAULT_MODEL}? It is"
    if typer.confirm(f"{question} {WHY_BETTER}.", default=False):
        _write_env(loaded, {"OPSCTL_EMBEDDER": BETTER_MODEL})


def _install(names: list[str]) -> None:
    """Bring the extras that the models are used with, before anything is downloaded."""
    from core import extras
    from opsctl.install import install

    for name in names:
        if not extras.is_installed(name):
            output.note(f"installing the extra {name}: {extras.PURPOSE[name]}")
            install(name)


def _show(check: Check) -> None:
    output.write(f"{check.result:8} {check.name:10} {printable(check.detail)}")
    if check.fix:
        output.write(f"{'':19} fix: {check.fix}")


def _index(config: Settings) -> bool:
    """Index the documents; False where there are none. Vectors are left to a bot."""
    from indexer.sync.documents import list_documents
    from opsctl.index.reindexing import run

    if list_documents(config.documents).files:
        if run(config, vectors=not config.telegram_token).is_empty:
            raise typer.Exit(1)
        return True
    output.note(f"put documents into {config.documents}, then: {output.program()} reindex")
    return False
