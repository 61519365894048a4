"""Brings a GGUF file of the Hub, once its own header says that this machine can serve it."""

from dataclasses import dataclass
from pathlib import Path

from core.settings import Settings
from opsctl.hub import download
from opsctl.llamacpp.fit import ANOTHER, Fit, check_sound, fit
from opsctl.llamacpp.header import Header, read_from
from opsctl.llamacpp.models import download_of, place_of

WINDOW = 4096  # tokens of a slot where deploy/tgi.env does not say


@dataclass(frozen=True)
class Candidate:
    """A file of the Hub by its header: how it would be run here, and where it is put."""

    name: str
    commit: str
    header: Header
    fit: Fit

    @property
    def license(self) -> str:
        """What the file says of it."""
        return str(self.header.facts.get("general.license", ""))


def examine(config: Settings, name: str) -> Candidate:
    """Read a file's header from the Hub. Raises UserError where it is unsound, or too large."""
    item = download_of(name)
    entry = download.resolve(config, item)
    (file,) = entry.files
    with download.hub_of(config).begin(entry, file) as stream:
        found = read_from(stream, Path(file.path), file.size, ANOTHER)
    check_sound(found)
    return Candidate(name, entry.commit, found, fit(found, window(config), 1))


def bring(config: Settings, name: str) -> Path:
    """The file on this machine, fetched where it is not; the commit that is new is recorded."""
    place = place_of(name, config)
    if not place.is_file():
        examine(config, name)
        download.download(config, [download_of(name)])
    return place


def window(config: Settings) -> int:
    """Tokens that a slot is to hold."""
    server = config.server_file
    return server.config.max_total if server.exists else WINDOW
