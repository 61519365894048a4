"""Which GGUF file is served: one of this machine, or one of the Hub by OWNER/NAME:FILE."""

from dataclasses import dataclass
from pathlib import Path

from core.errors import UserError
from core.settings import Settings
from opsctl.hub.catalog import Download
from opsctl.llamacpp import header
from opsctl.llamacpp.fit import check_sound

SUFFIX = ".gguf"


@dataclass(frozen=True)
class Offer:
    """A model that `setup` offers: its name on the Hub, and a word about it."""

    name: str
    about: str
    adapted: bool = False  # the adapter is for this model


# The branch's newest commit is resolved at the first download, shown and recorded.
SMALL = Offer(
    "Vikhrmodels/Vikhr-Qwen-2.5-1.5B-Instruct-GGUF:Vikhr-Qwen-2.5-1.5b-Instruct-Q4_K_M.gguf",
    "a small instruct model, tuned for Russian",
)
SEED = Offer(
    "TheBloke/Mistral-7B-Instruct-v0.2-GGUF:mistral-7b-instruct-v0.2.Q4_K_M.gguf",
    "Mistral 7B in 4 bits, with the adapter",
    adapted=True,
)
OFFERS = (SMALL, SEED)


def is_hub_name(name: str) -> bool:
    """Tell OWNER/NAME:FILE.gguf from a path."""
    repo, colon, file = name.partition(":")
    return bool(colon) and repo.count("/") == 1 and file.endswith(SUFFIX)


def download_of(name: str) -> Download:
    """The one file of a repository, as something that `opsctl download` fetches."""
    repo, _, file = name.partition(":")

    def check(folder: Path) -> None:
        check_sound(header.read(folder / file))

    return Download(name, repo, "main", "models", (file,), check=check)


def place_of(name: str, config: Settings) -> Path:
    """Where a file is on this machine, or would be; UserError for a name that is neither."""
    if is_hub_name(name):
        item = download_of(name)
        return item.folder(config.state) / item.patterns[0]
    path = Path(name)
    if path.suffix != SUFFIX:
        raise UserError(
            f"{name} is no GGUF file, which is what llama.cpp serves",
            "opsctl start --server llamacpp --model FILE.gguf, or OWNER/NAME:FILE.gguf of the Hub",
        )
    return path.absolute()


def downloaded(config: Settings) -> Path | None:
    """The offered model that is on this machine, the one with the adapter first."""
    places = (place_of(offer.name, config) for offer in reversed(OFFERS))
    return next((place for place in places if place.is_file()), None)
