"""opsctl setup: from a fresh checkout to the point where `opsctl start` works."""

import sys
from typing import Annotated

import typer

from core import settings
from core.settings import Loaded, Settings
from core.text import printable
from opsctl.machine.env_file import add_settings
from opsctl.machine.private_state import narrow_state
from opsctl.machine.programs import is_installed
from opsctl.terminal import output
from opsctl.terminal.check import Check

NOT_ASKED = (
    "there is no terminal to ask in, so nothing is asked, and there is no bot:"
    " put OPSCTL_TELEGRAM_TOKEN into .env for one (opsctl setup --yes: without this line)"
)


def setup(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; do all of it.")] = False,
    skip_download: Annotated[
        bool, typer.Option("--no-download", help="Do not download models.")
    ] = False,
) -> None:
    """Check the machine, ask for what is missing, download the models, index the documents.

    Running it again is safe: it keeps what is there.
    """
    from opsctl.telegram.questions import ask_about_bot, rejection

    loaded = settings.load_with_origins()
    config = loaded.settings
    if ignored := loaded.ignored_lines():
        output.note(f"warning: {ignored}")
    asking = not yes and sys.stdin is not None and sys.stdin.isatty()
    config.documents.mkdir(parents=True, exist_ok=True)
    narrow_state(config)
    add_settings(loaded.root, {})
    if asking:
        # Ctrl-C there leaves what was typed in .env.
        ask_about_bot(config, lambda name, value: add_settings(loaded.root, {name: value}))
    elif not yes and not config.telegram_token:
        output.note(NOT_ASKED)
    wrong_token = None if asking else rejection(config)
    served = _prepare_model(loaded, asking, skip_download)
    indexed = _index(settings.load())
    if wrong_token:
        raise wrong_token
    _tell_next(settings.load(), model=served, indexed=indexed)


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


def _prepare_model(loaded: Loaded, asking: bool, skip_download: bool) -> bool:
    """Prepare the server of a model where there is to be one on this machine; whether there is."""
    from assistant.server.record import is_foreign
    from opsctl.launch.checks import can_run_tgi
    from opsctl.launch.choose import tell_of_others

    if is_foreign(loaded.settings):
        tell_of_others(loaded.settings)
        return False
    if no_gpu := can_run_tgi():
        sentence = f"no model server on this machine ({no_gpu}): answers will be quotes"
        return _prepare_llamacpp(loaded.settings, sentence, asking and not skip_download)
    _prepare_server(loaded, asking, skip_download)
    return True


def _prepare_llamacpp(config: Settings, sentence: str, asking: bool) -> bool:
    """Offer models that answer on the processor; whether one is there."""
    from opsctl.llamacpp.models import downloaded
    from opsctl.machine.memory import lacks

    if downloaded(config):
        return True
    output.note(f"{sentence} from the documents")
    if not asking:
        output.note("a model on the processor: opsctl start --server llamacpp --model FILE.gguf")
        return False
    if missing := lacks():
        output.note(f"nor by llama.cpp: this processor lacks {', '.join(missing)}")
        return False
    question = "See which models could answer on this processor? It takes llama.cpp (about 35 MB)"
    return typer.confirm(f"{question} and some seconds", default=False) and _offer(config)


def _offer(config: Settings) -> bool:
    """Measure, show and let choose; whether a model was taken."""
    from opsctl.llamacpp import offers
    from opsctl.llamacpp.measure import measure

    _install(["llamacpp"])
    output.note("measuring")
    speed = measure()
    found = offers.choices(config)
    offers.show(found, speed)
    number = 0
    while not 1 <= number <= len(found) + 1:
        number = typer.prompt("Which one?", default=1, type=int)
    if number > 1:
        offers.take(config, found[number - 2])
    return number > 1


def _prepare_server(loaded: Loaded, asking: bool, skip_download: bool) -> None:
    """Check what the server needs, then download it: TGI's models, which localtgi serves too."""
    from opsctl.commands.download import download

    has_docker = is_installed("docker")
    sound = _check_server(loaded.settings, has_docker)
    if skip_download:
        return
    if not sound:
        output.note("the models are not downloaded until this is fixed")
        _index(settings.load())
        raise typer.Exit(1)
    if asking and not typer.confirm("Download the models now (about 5 GB)?", default=True):
        return
    if asking:
        _offer_embedder(loaded)
    _install(["neural"] if has_docker else ["local", "neural"])
    download(names=None)


def _check_server(config: Settings, has_docker: bool) -> bool:
    """Show what a server needs, and whether it is there; False where something is not."""
    from opsctl.launch.checks import checks

    wanted = {"gpu", "memory", "tgi.env"}
    if has_docker:
        wanted |= {"docker", "toolkit", "image"}
    else:
        output.note("Docker is not installed: localtgi will serve the model, without TGI's speed")
    found = checks(config, wanted)
    for check in found:
        _show(check)
    return all(check.result != "failed" for check in found)


def _offer_embedder(loaded: Loaded) -> None:
    """Ask, where none is named, which of two embedders is to be downloaded."""
    from indexer.models import AUTO, BETTER_MODEL, DEFAULT_MODEL, WHY_BETTER, locate

    config = loaded.settings
    if config.embedder != AUTO or config.embedder_url or locate(DEFAULT_MODEL, config.models):
        return
    question = f"Take the embedder {BETTER_MODEL} instead of {DEFAULT_MODEL}? It is"
    if typer.confirm(f"{question} {WHY_BETTER}.", default=False):
        add_settings(loaded.root, {"OPSCTL_EMBEDDER": BETTER_MODEL})


def _install(names: list[str]) -> None:
    """Bring the extras that the models are used with, before anything is downloaded."""
    from core import extras
    from opsctl.install import install

    for name in names:
        if not extras.is_installed(name):
            output.note(f"installing the extra {name}: {extras.PURPOSE[name]}")
            install(name)


def _show(check: Check) -> None:
    output.tell(f"{check.result:8} {check.name:10} {printable(check.detail)}")
    if check.fix:
        output.tell(f"{'':19} fix: {check.fix}")


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
