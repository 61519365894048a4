"""The adapters of this machine: where each is, and the one judgement of it, whichever server is to
apply it and whoever asks."""

import re
from pathlib import Path

from core.errors import UserError
from core.server_file import ZERO_ADAPTER
from core.settings import Settings
from opsctl.hub import adapter
from opsctl.hub.adapter import AdapterFacts
from opsctl.server.folders import ADAPTERS, on_this_machine, shape_of_model
from training.model.adapter_files import PLAIN_RANK, RANK_STEP, is_served

FORMATS = re.compile(r"-(?:gptq|awq|gguf|hf|bnb)\b.*", re.IGNORECASE)  # at the end of a name


def places(config: Settings) -> dict[str, Path]:
    """The folder on this machine of each adapter that deploy/tgi.env declares."""
    declared = config.server_file.adapters
    return {name: on_this_machine(inside, config) for name, inside in declared.items()}


def place_of(name: str, config: Settings) -> Path:
    """Where an adapter is declared to be, or else where runs put theirs."""
    return places(config).get(name, on_this_machine(f"{ADAPTERS}/{name}", config))


def check_declared(config: Settings) -> None:
    """Raise UserError where requests are to name an adapter that the server does not get."""
    declared = config.server_file.adapters
    if declared and config.adapter and config.adapter not in declared:
        raise UserError(
            f"deploy/tgi.env declares no adapter {config.adapter}, only: {', '.join(declared)}",
            "remove OPSCTL_ADAPTER from .env, or declare it in LORA_ADAPTERS",
        )


def judge(name: str, folder: Path, config: Settings) -> AdapterFacts:
    """Raise UserError unless an adapter is here, is for the server's model, and changes it; the
    zero adapter changes nothing."""
    trained = folder == config.adapters / name and name != ZERO_ADAPTER
    fetch = "opsctl train run" if trained else "opsctl download adapter"
    if not folder.is_dir():
        raise UserError(f"adapter {name} is not at {folder}", fetch)
    hint = fetch if trained else f"{fetch} --upgrade"
    try:
        facts = adapter.check(folder, *shape_of_model(config))
    except UserError as error:
        raise UserError(error.message, hint) from error
    if facts.zero and name != ZERO_ADAPTER:
        raise UserError(f"{name} changes nothing: all its B are 0", hint)
    return facts


def check_rank(name: str, facts: AdapterFacts) -> None:
    """Raise UserError for a rank at which TGI would apply the adapter otherwise than trained."""
    if not is_served(facts.rank):
        raise UserError(
            f"{name} has rank {facts.rank}, which TGI pads and then scales wrongly",
            f"train with a rank of {PLAIN_RANK} or a multiple of {RANK_STEP}",
        )


def other_base(name: str, base: str, model: str, *more: str) -> str:
    """That an adapter was trained on a model which this one, by its names, is not; "" if it may be.

    `base` is what the adapter says, `more` are further names of the model.
    """
    wanted = _plain(FORMATS.sub("", Path(base).name))
    if not wanted or any(wanted in _plain(told) for told in (model, *more)):
        return ""
    return (
        f"{name} was trained on {base}, and {model} does not say that it is that model:"
        " compare answers"
    )


def _plain(name: str) -> str:
    """Letters and digits alone: people write the same name in many ways."""
    return "".join(letter for letter in name.lower() if letter.isalnum())
