"""The image of a model server: fetched where it is not here, and from then on the same one."""

import json
from pathlib import Path

from core.errors import UserError
from core.files import private_folder, write_whole
from core.settings import Settings
from opsctl.docker.engine import ask, failure, runtimes_and_root
from opsctl.hub.folders import free_bytes
from opsctl.machine.programs import show
from opsctl.terminal import output
from opsctl.terminal.check import Check, raise_first

GIB = 1 << 30
# The 30 GB that the docs ask for, without the models; with less than the last no image fits.
ROOM, LEAST = 25 * GIB, 5 * GIB
SHA = "sha256:"


def fetch_image(config: Settings, image: str) -> None:
    """Fetch the image where it is not here. Raises UserError where it is not that of before."""
    if not (found := _find(image)):
        room = _room()
        raise_first([room])
        if room.result == "warning":
            output.note(f"warning: {room.detail}")
        output.note(f"fetching {image}")
        if show(["docker", "pull", image]):
            hint = f"the disk: docker system df; the network: curl -I https://{_registry(image)}"
            raise UserError(f"the image {image} cannot be fetched, see above", hint)
        found = _find(image)
    if error := _another(config, image, found):
        raise error
    known = _recorded(config)
    if found and not known.get(image):
        private_folder(_path(config).parent)
        write_whole(_path(config), json.dumps({**known, image: found[0]}, indent=2))


def check_image(config: Settings, image: str) -> Check:
    """Whether the image is here and the one of before, or else there is room for it."""
    if not (found := _find(image)):
        return _room()
    if error := _another(config, image, found):
        return Check("image", "failed", error.message, error.hint)
    return Check("image", "ok", f"{image} is here")


def _find(image: str) -> list[str]:
    """All hashes by which an image can be told from others; none where it is not here."""
    done = ask(
        ["docker", "image", "inspect", "--format", "[{{json .RepoDigests}}, {{json .Id}}]", image]
    )
    if done.code and "no such image" not in done.stderr.lower():
        raise failure(done, "the image cannot be inspected")
    if done.code:
        return []
    digests, own = json.loads(done.stdout)
    # One that was loaded from a file may have no digest, only the id that Docker gives it.
    return [name[name.index(SHA) :] for name in (*(digests or ()), own)]


def _room() -> Check:
    """Whether the disk with Docker's data has room for an image; ok where that cannot be told."""
    _, root = runtimes_and_root()
    if not root.is_dir():  # Docker Desktop's is in a machine of its own
        return Check("image", "ok", "not here yet: opsctl start fetches it")
    free = free_bytes(root)
    detail = f"not here yet, and {free / GIB:.1f} GiB are free in {root}"
    if free >= ROOM:
        return Check("image", "ok", f"{detail}: opsctl start fetches it")
    fix = "docker system df shows what takes it, docker image prune removes what nothing uses"
    enough = f"{detail} for it, where {ROOM // GIB} are asked for"
    return Check("image", "warning" if free >= LEAST else "failed", enough, fix)


def _another(config: Settings, image: str, found: list[str]) -> UserError | None:
    """The sentence for an image that is not the one that had its name the first time."""
    recorded = _recorded(config).get(image)
    if not found or not recorded or recorded in found:
        return None
    return UserError(
        f"the image {image} is not the one that was fetched first ({recorded})",
        f"to trust the new one: rm {_path(config)}",
    )


def _registry(image: str) -> str:
    host = image.partition("/")[0]
    return host if "." in host or ":" in host else "registry-1.docker.io"


def _path(config: Settings) -> Path:
    return config.state / "run" / "images.json"


def _recorded(config: Settings) -> dict[str, str]:
    """The hashes by image; none where the file is missing or damaged."""
    try:
        found = json.loads(_path(config).read_text())
    except (OSError, ValueError):
        return {}
    texts = found.items() if isinstance(found, dict) else ()
    return {name: text[text.index(SHA) :] for name, text in texts if SHA in str(text)}
