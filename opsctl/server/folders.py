"""Where the folders that the server names are on this machine."""

from pathlib import Path

from core.errors import UserError
from core.settings import Settings
from indexer.models import downloaded

MODELS, ADAPTERS = "/data/models", "/data/adapters"  # in the container


def on_this_machine(folder: str, settings: Settings) -> Path:
    """Where a folder of the container, such as /data/models/x, is outside of it."""
    for inside, outside in ((MODELS, settings.models), (ADAPTERS, settings.adapters)):
        if folder == inside or folder.startswith(inside + "/"):
            return outside / folder[len(inside) :].lstrip("/")
    return Path(folder)


def find_model(name: str, settings: Settings) -> Path:
    """The folder of a model given as a folder or as a name on the Hub; UserError if absent."""
    place = on_this_machine(name, settings).expanduser()
    for folder in (place, downloaded(name, settings.models)):
        if (folder / "config.json").is_file():
            return folder.resolve()
    raise UserError(f"there is no model at {place}", "opsctl download")
