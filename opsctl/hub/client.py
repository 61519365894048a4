"""The Hub, asked through huggingface_hub."""

import io
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urlsplit

from core.errors import UserError
from opsctl.hub import failures
from opsctl.hub.catalog import Download
from opsctl.hub.manifest import Entry, File

if TYPE_CHECKING:
    from huggingface_hub import HfApi

ANSWER_SECONDS = 10.0
GLANCE_SECONDS = 3.0
ASK_TIMES, FETCH_TIMES = 3, 4


class Hub:
    """One Hub; `say` is told of what it is tried again."""

    def __init__(self, endpoint: str, token: str, state: Path, say: Callable[[str], None]) -> None:
        self._endpoint, self._token, self._state, self._say = endpoint, token, state, say
        self._silent = False
        self._host = urlsplit(endpoint).netloc.rpartition("@")[2]

    def resolve(self, item: Download) -> Entry:
        """The newest commit of the download's branch, with its files. Raises UserError."""

        def ask() -> Any:
            return self._api.repo_info(
                item.repo, revision=item.revision, repo_type=item.repo_type,
                files_metadata=True, timeout=ANSWER_SECONDS,
            )  # fmt: skip

        try:
            info = self._again(ask, ASK_TIMES, failures.is_passing)
            found = {file.rfilename: file for file in info.siblings}
            files = tuple(_file(found[path]) for path in sorted(item.choose(list(found))))
            if not files:
                raise UserError(
                    f"{item.repo} on {self._host} has none of the files that are needed",
                    "opsctl doctor --settings shows OPSCTL_HF_ENDPOINT",
                )
            return Entry(item.repo, item.revision, str(info.sha), files, item.repo_type)
        except UserError:
            raise
        except Exception as error:
            raise self._explained(error, item.repo, item.revision) from error

    def newest(self, item: Download) -> str | None:
        """The branch's newest commit if the Hub says so at once; no answer is no failure."""
        if self._silent:
            return None
        try:
            return self._api.model_info(
                item.repo, revision=item.revision, timeout=GLANCE_SECONDS
            ).sha
        except Exception:  # a machine without network works with what it has
            self._silent = True
            return None

    def fetch(self, entry: Entry, file: File, folder: Path) -> None:
        """Fetch a file into the folder, from where an earlier attempt was cut. Raises UserError."""

        def bring() -> Any:
            for part in unfinished(folder, file):
                if part.stat().st_size > file.size:
                    part.unlink()
            return self._api.hf_hub_download(
                entry.repo, file.path, revision=entry.commit, local_dir=folder,
                repo_type=entry.repo_type,
            )  # fmt: skip

        try:
            self._again(bring, FETCH_TIMES, failures.is_cut)
        except Exception as error:
            raise self._explained(error, entry.repo, entry.commit) from error

    @contextmanager
    def begin(self, entry: Entry, file: File) -> Iterator[BinaryIO]:
        """A file as a stream; what is not read is not fetched. Raises UserError."""
        import httpx
        from huggingface_hub import hf_hub_url

        url = hf_hub_url(entry.repo, file.path, revision=entry.commit, endpoint=self._endpoint)
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        try:
            with httpx.stream(
                "GET", url, headers=headers, timeout=ANSWER_SECONDS, follow_redirects=True
            ) as response:
                response.raise_for_status()
                yield io.BufferedReader(_Arriving(response.iter_raw()))
        except httpx.HTTPError as error:
            what = f"the beginning of {file.path} does not come from {self._host}"
            raise UserError(f"{what} ({type(error).__name__})", failures.AGAIN) from error

    @cached_property
    def _api(self) -> "HfApi":
        return make_api(self._endpoint, self._token)

    def _again(
        self, call: Callable[[], Any], times: int, worth: Callable[[BaseException], bool]
    ) -> Any:
        from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

        retrying = Retrying(
            retry=retry_if_exception(worth),
            stop=stop_after_attempt(times),
            wait=wait_exponential(multiplier=0.5, max=8),
            before_sleep=lambda _: self._say(f"{self._host} broke off or is busy; trying again"),
            reraise=True,
        )
        return retrying(call)

    def _explained(self, error: Exception, repo: str, revision: str) -> UserError:
        return failures.explain(error, self._host, repo, revision, self._state)


class _Arriving(io.RawIOBase):
    """What comes in pieces, as a stream."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._left = pieces, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._left = self._left or next(self._pieces, b"")
        part = self._left[: len(buffer)]
        self._left = self._left[len(part) :]
        buffer[: len(part)] = part
        return len(part)


def make_api(endpoint: str, token: str) -> "HfApi":
    """The Hub's own client, silent and over plain HTTP; no token is none, not this machine's."""
    from huggingface_hub import HfApi, constants
    from huggingface_hub.utils.tqdm import disable_progress_bars

    disable_progress_bars()
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    # Xet writes out of order and begins again after a kill; plain HTTP goes on where it was.
    constants.HF_HUB_DISABLE_XET = True
    return HfApi(endpoint, token=token or False)


def unfinished(folder: Path, file: File) -> list[Path]:
    """What huggingface_hub keeps of a file whose download was cut."""
    return list((folder / ".cache").rglob(f"*.{file.hash}.incomplete"))


def _file(found: Any) -> File:
    path = PurePosixPath(found.rfilename)
    if path.is_absolute() or ".." in path.parts or None in (found.size, found.blob_id):
        raise ValueError("file name, size or hash")
    return File(
        found.rfilename,
        found.lfs.size if found.lfs else found.size,
        found.lfs.sha256 if found.lfs else None,
        found.blob_id,
    )
