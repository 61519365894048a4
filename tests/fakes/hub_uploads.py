"""The fake Hub with the routes of an upload, as huggingface_hub 0.36 speaks them.

`with WritableHub() as hub: hub.writers["hf_token"] = "owner"`, then OPSCTL_HF_ENDPOINT=hub.url.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import yaml  # type: ignore[import-untyped]

from tests.fakes.hub import FakeHub, Seen
from tests.fakes.hub_files import Files
from tests.fakes.hub_handler import LARGE, REPO, Handler

ROUTES = {
    "_validate": re.compile(r"/api/validate-yaml$"),
    "_create": re.compile(r"/api/repos/create$"),
    "_preupload": re.compile(rf"/api/models/{REPO}/preupload/main$"),
    "_batch": re.compile(rf"/{REPO}\.git/info/lfs/objects/batch$"),
    "_verify": re.compile(rf"/{REPO}\.git/info/lfs/objects/verify$"),
    "_store": re.compile(r"/lfs-storage/(?P<oid>[0-9a-f]{64})$"),
    "_commit_files": re.compile(rf"/api/models/{REPO}/commit/main$"),
}
LICENSES = ("apache-2.0", "mit", "cc-by-4.0", "other", "unknown")  # a few of the Hub's


class WritableHub(FakeHub):
    """A Hub on which some tokens may write to the repositories of one owner."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.writers: dict[str, str] = {}  # token: the owner that it may write for
        self.readers: set[str] = set()
        self.private: set[str] = set()
        self.stored: dict[str, bytes] = {}  # large files by their sha256
        self._server.RequestHandlerClass = UploadHandler

    def __enter__(self) -> "WritableHub":
        super().__enter__()
        return self

    def files(self, repo: str) -> Files:
        """What the branch main holds."""
        return self.commits[repo][self.branches[repo]["main"]]


class UploadHandler(Handler):
    """One connection, which may also write."""

    hub: WritableHub
    body: bytes

    def do_POST(self) -> None:
        self._take()

    def do_PUT(self) -> None:
        self._take()

    def _take(self) -> None:
        path, token = urlsplit(self.path).path, self.headers.get("Authorization")
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.hub.seen.append(Seen(self.command, path, None, token))
        if fault := self.hub.fault(path, body=False):
            self._refuse(fault.status)
            return
        for name, pattern in ROUTES.items():
            if match := pattern.match(path):
                parts = match.groupdict()
                if "repo" not in parts or self._may_write(parts["repo"]):
                    reply: Callable[..., None] = getattr(self, name)
                    reply(**parts)
                return
        self._refuse(404)

    def _may_write(self, repo: str) -> bool:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.hub.writers.get(token) == repo.partition("/")[0]:
            return True
        if token in self.hub.writers or token in self.hub.readers:
            self._refuse(403, "", "You don't have the rights to do this under this namespace")
        else:
            self._refuse(401, "", "Invalid credentials in Authorization header")
        return False

    def _reply(self, value: dict[str, Any], status: int = 200) -> None:
        self._send(status, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _api(self, parts: dict[str, str]) -> None:
        if parts["repo"] not in self.hub.private:
            super()._api(parts)
        else:
            self._reply({"id": parts["repo"], "private": True, "tags": [], "siblings": []})

    def _validate(self) -> None:
        """The card's front matter: YAML, with a licence and a base model of the Hub's kind."""
        content = json.loads(self.body)["content"]
        front = re.match(r"---\n(.*?)\n---\n", content, re.DOTALL)
        try:
            errors = _errors_of(yaml.safe_load(front[1])) if front else []
        except yaml.YAMLError as error:
            errors = [f"bad YAML: {error}"]
        warned = [] if front else ["empty or missing yaml metadata in repo card"]
        value = {"errors": _messages(errors), "warnings": _messages(warned)}
        self._reply(value, 400 if errors else 200)

    def _create(self) -> None:
        asked = json.loads(self.body)
        repo = f"{asked['organization']}/{asked['name']}"
        if not self._may_write(repo):
            return
        value = {"url": f"{self.hub.url}/{repo}", "name": repo}
        if repo in self.hub.branches:
            self._reply(value | {"error": "You already created this model repo"}, 409)
            return
        self.hub.push(repo, "main", {".gitattributes": b"*.safetensors filter=lfs\n"})
        if asked.get("private"):
            self.hub.private.add(repo)
        self._reply(value)

    def _preupload(self, repo: str) -> None:
        there = self.hub.files(repo)
        self._reply(
            {"files": [_mode(file["path"], there) for file in json.loads(self.body)["files"]]}
        )

    def _batch(self, repo: str) -> None:
        asked = json.loads(self.body)
        if "xet" in asked["transfers"]:
            self._reply({"transfer": "xet", "objects": asked["objects"]})
            return
        place = f"{self.hub.url}/{repo}.git/info/lfs/objects/verify"
        objects = []
        for item in asked["objects"]:
            upload = {"href": f"{self.hub.url}/lfs-storage/{item['oid']}"}
            actions = {"actions": {"upload": upload, "verify": {"href": place}}}
            objects.append(item if item["oid"] in self.hub.stored else item | actions)
        self._reply({"transfer": "basic", "objects": objects})

    def _store(self, oid: str) -> None:
        if hashlib.sha256(self.body).hexdigest() != oid:
            self._refuse(400)
            return
        self.hub.stored[oid] = self.body
        self._send(200, b"", {})

    def _verify(self, repo: str) -> None:
        asked = json.loads(self.body)
        stored = self.hub.stored.get(asked["oid"])
        if stored is None or len(stored) != asked["size"]:
            self._refuse(404)
        else:
            self._reply({})

    def _commit_files(self, repo: str) -> None:
        files = dict(self.hub.files(repo))
        for line in map(json.loads, self.body.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.hub.stored[value["oid"]]
        commit = self.hub.push(repo, "main", files)
        url = f"{self.hub.url}/{repo}/commit/{commit}"
        self._reply({"success": True, "commitOid": commit, "commitUrl": url, "hookOutput": ""})


def _errors_of(card: dict[str, Any]) -> list[str]:
    errors = []
    if card.get("license") not in LICENSES:
        errors.append('"license" must be one of the licenses of the Hub')
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", str(card.get("base_model", "a/b"))):
        errors.append(f'"base_model" with value {card["base_model"]!r} is not valid')
    return errors


def _messages(texts: list[str]) -> list[dict[str, str]]:
    return [{"message": text} for text in texts]


def _mode(path: str, there: Files) -> dict[str, Any]:
    """How a file is to be sent, and which one is there now."""
    large = path.endswith(LARGE)
    mode = {"path": path, "uploadMode": "lfs" if large else "regular", "shouldIgnore": False}
    if path not in there:
        return mode
    content = there[path]
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False)
    return mode | {"oid": hashlib.sha256(content).hexdigest() if large else blob.hexdigest()}
