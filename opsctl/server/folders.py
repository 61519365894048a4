"""Where the folders that the server names are on this machine."""

from pathlib import Path

from core.errors import UserError
from core.settings import Settings
from indexer.models import downloaded
from opsctl.hub import checkpoint

MODELS, ADAPTERS = "/data/models", "/data/adapters"  # in the container


def on_this_machine(folder: str, settings: Settings) -> Path:
    """Where a folder of the container, such as /data/models/x, is outside of it."""
    for inside, outside in ((MODELS, settings.models), (ADAPTERS, settings.adapters)):
        if folder == inside or folder.startswith(inside + "/"):
            return outside / folder[len(inside) :].lstrip("/")
    return Path(folder)


def find_model(name: str, settings: Settings) -> Path:
    """The folder of a model given as a folder or as a name on the Hub; UserError if absent."""
    if name.lower().endswith(".gguf"):
        raise UserError(
            f"{name} is a GGUF file, which llama.cpp serves",
            f"opsctl start --server llamacpp --model {name}",
        )
    place = on_this_machine(name, settings).expanduser()
    for folder in (place, downloaded(name, settings.models)):
        if (folder / "config.json").is_file():
            return folder.resolve()
    raise UserError(f"there is no model at {place}", "opsctl download")


def shape_of_model(settings: Settings) -> tuple[int | None, int | None]:
    """The layers and the hidden size of the server's model; None where it is not here."""
    try:
        return checkpoint.shape(find_model(settings.server_file.config.model_id, settings))
    except UserError:
        return None, None
