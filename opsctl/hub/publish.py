"""Puts a folder's files on the Hub, through huggingface_hub."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from core.errors import UsageError, UserError
from opsctl.hub import failures
from opsctl.hub.client import make_api

if TYPE_CHECKING:
    from huggingface_hub import HfApi

AGAIN = "nothing is published before the last step; try again: the same command"


def check_repo(repo: str) -> None:
    """Raise UsageError unless the Hub would take this name."""
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils._validators import validate_repo_id

    try:
        validate_repo_id(repo)
    except HFValidationError:
        sound = False
    else:
        sound = repo.count("/") == 1
    if not sound:
        raise UsageError(
            f"{repo!r} is not the name of a repository",
            "give OWNER/NAME: letters, digits, and - _ . inside them",
        )


def upload(
    endpoint: str, token: str, repo: str, files: Mapping[str, Path | bytes], private: bool
) -> str:
    """Make the repository unless it exists, and add the files in one commit; return its address.

    Raises UserError without a token, without the right to write, and when the Hub cannot be had.
    """
    host = urlsplit(endpoint).netloc.rpartition("@")[2]
    if not token:
        raise UserError(
            "there is no Hub token",
            f"make one with the right to write at {endpoint}/settings/tokens, and put it into .env:"
            " HF_TOKEN=...",
        )
    try:
        api = _api(endpoint, token)
        api.create_repo(repo, private=private, exist_ok=True)
        if private and not api.model_info(repo).private:
            raise UserError(
                f"{repo} on {host} exists and is public: --private is for a new one",
                "give another name, or make it private there first",
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the Hub, about the model card
            _commit(api, repo, files)
    except UserError:
        raise
    except Exception as error:
        raise _explained(error, host, repo) from error
    return f"{endpoint}/{repo}"


def _api(endpoint: str, token: str) -> "HfApi":
    from huggingface_hub import constants

    constants.ENDPOINT = endpoint  # what a commit's address in the Hub's answer is read by
    return make_api(endpoint, token)


def _commit(api: "HfApi", repo: str, files: Mapping[str, Path | bytes]) -> None:
    from huggingface_hub import CommitOperationAdd

    parts = [CommitOperationAdd(path, content) for path, content in files.items()]
    api.create_commit(repo, parts, commit_message="Upload the adapter with opsctl")


def _explained(error: Exception, host: str, repo: str) -> UserError:
    """Turn what huggingface_hub raised into words; nothing of its own text is repeated."""
    from huggingface_hub.errors import BadRequestError

    if type(error) is RuntimeError and isinstance(error.__cause__, Exception):
        error = error.__cause__  # of a large file
    response = getattr(error, "response", None)
    if isinstance(error, ValueError) and isinstance(error.__cause__, BadRequestError):
        return UserError(
            f"{host} does not accept the head of the model card (400)",
            "is the --license one of https://huggingface.co/docs/hub/repositories-licenses ?",
        )
    if response is None:
        told = failures.explain(error, host, repo, "main", Path())
        return UserError(told.message, told.hint.replace(failures.GO_ON, AGAIN))
    status = response.status_code
    if status == 401:
        return UserError(
            f"{host} does not accept the token (401)", "set HF_TOKEN in .env to one that is valid"
        )
    if status == 403:
        return UserError(
            f"the token may not write to {repo} on {host} (403)",
            f"check that it has the right to write, and that {repo.partition('/')[0]} is you or an"
            " organisation of yours",
        )
    if status in failures.TRY_LATER:
        return UserError(f"{host} is busy or broken now ({status})", AGAIN)
    return UserError(f"{host} refuses to publish {repo} ({status})", AGAIN)
