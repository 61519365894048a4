"""The routes of the fake Hub, as the real one answers them."""

import hashlib
import json
import re
from functools import lru_cache
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

if TYPE_CHECKING:
    from tests.fakes.hub import FakeHub, Fault

BLOCK = 1 << 20
LARGE = (
    ".safetensors",
    ".bin",
    ".h5",
    ".onnx",
    ".model",
    ".gz",
    ".parquet",
    ".gguf",
)  # what git-lfs stores
REPO = r"(?P<repo>(?:datasets/)?[^/]+/[^/]+)"  # as FakeHub.push names it
API = re.compile(rf"/api/(?:models/)?{REPO}(?:/revision/(?P<revision>[^/]+))?$")
RESOLVE = re.compile(rf"/{REPO}/resolve/(?P<revision>[^/]+)/(?P<path>.+)$")
STORED = re.compile(
    rf"/(?:cdn|api/resolve-cache)/(?:models/)?{REPO}/(?P<revision>[^/]+)/(?P<path>.+)$"
)


class Handler(BaseHTTPRequestHandler):
    """One connection; its server's attribute `hub` holds the state."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body in one packet

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:
        pass

    @property
    def hub(self) -> "FakeHub":
        return self.server.hub  # type: ignore[attr-defined, no-any-return]

    def _answer(self) -> None:
        from tests.fakes.hub import Seen

        path = urlsplit(self.path).path
        token = self.headers.get("Authorization")
        self.hub.seen.append(Seen(self.command, path, self.headers.get("Range"), token))
        if fault := self.hub.fault(path, body=False):
            self._refuse(fault.status)
            return
        for pattern, reply in ((API, self._api), (STORED, self._stored), (RESOLVE, self._resolve)):
            if match := pattern.match(path):
                parts = {key: unquote(value) for key, value in match.groupdict().items() if value}
                if self._may(parts["repo"], token, pattern is RESOLVE):
                    reply(parts)
                return
        self._refuse(404)

    def _may(self, repo: str, token: str | None, content: bool) -> bool:
        if repo not in self.hub.branches:
            self._refuse(404 if token else 401, "RepoNotFound", "Repository not found")
        elif repo in self.hub.closed and token != f"Bearer {self.hub.closed[repo]}":
            said = "Invalid credentials in Authorization header" if token else "Unauthorized"
            self._refuse(401, "", said)
        elif repo in self.hub.gated and content:
            self._refuse(
                403 if token else 401, "GatedRepo", f"Access to model {repo} is restricted"
            )
        else:
            return True
        return False

    def _commit(self, parts: dict[str, str]) -> str | None:
        revision = parts.get("revision", "main")
        commit = self.hub.branches[parts["repo"]].get(revision, revision)
        if commit in self.hub.commits[parts["repo"]]:
            return commit
        self._refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return None

    def _api(self, parts: dict[str, str]) -> None:
        commit = self._commit(parts)
        if commit:
            files = self.hub.commits[parts["repo"]][commit]
            blobs = "blobs=" in urlsplit(self.path).query
            siblings = [_sibling(path, files[path], blobs) for path in sorted(files)]
            for sibling in siblings:
                if size := self.hub.announced.get(sibling["rfilename"]):
                    sibling |= {"size": size, "lfs": {**sibling["lfs"], "size": size}}
            value = {"id": parts["repo"].removeprefix("datasets/"), "sha": commit}
            body = json.dumps(value | {"siblings": siblings, "private": False, "tags": []}).encode()
            self._send(200, body, {"Content-Type": "application/json"})

    def _resolve(self, parts: dict[str, str]) -> None:
        commit = self._commit(parts)
        if not commit:
            return
        path, files = parts["path"], self.hub.commits[parts["repo"]][commit]
        if path not in files:
            self._refuse(404, "EntryNotFound", "Entry not found")
            return
        rest = f"{parts['repo']}/{commit}/{quote(path)}"
        head = {"X-Repo-Commit": commit}
        if not path.endswith(LARGE):
            kind = "" if rest.startswith("datasets/") else "models/"
            self._send(307, b"", head | {"Location": f"/api/resolve-cache/{kind}{rest}"})
            return
        linked = {
            "X-Linked-Etag": f'"{_sha256(files[path])}"', "X-Linked-Size": str(len(files[path])),
            "X-Xet-Hash": _sha256(files[path]), "Location": f"{self.hub.url}/cdn/{rest}",
            "Link": f'<{self.hub.url}/api/models/{parts["repo"]}/xet-read-token>; rel="xet-auth"',
        }  # fmt: skip
        self._send(302, b"", head | linked)

    def _stored(self, parts: dict[str, str]) -> None:
        commit, path = parts["revision"], parts["path"]
        content = self.hub.commits[parts["repo"]][commit][path]
        etag = _sha256(content) if path.endswith(LARGE) else _blob(content)
        head = {"X-Repo-Commit": commit, "ETag": f'"{etag}"', "Accept-Ranges": "bytes"}
        fault = self.hub.fault(self.path, body=True) if self.command == "GET" else None
        if fault and fault.corrupt:
            content = content[:-1] + bytes([content[-1] ^ 1])
        status, wanted = 200, re.match(r"bytes=(\d+)-$", self.headers.get("Range", ""))
        if wanted:
            start = int(wanted[1])
            if start >= len(content):
                self._refuse(416)
                return
            head["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            status, content = 206, content[start:]
        self._send(status, content, head, fault)

    def _send(
        self, status: int, body: bytes, head: dict[str, str], fault: "Fault | None" = None
    ) -> None:
        self.send_response(status)
        for name, value in head.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        view, end = memoryview(body), len(body)
        if fault and fault.cut_after is not None:
            end = min(end, fault.cut_after)
        try:
            for start in range(0, end, BLOCK):
                self.wfile.write(view[start : min(start + BLOCK, end)])
            self.wfile.flush()
            if fault and fault.go_on:
                fault.reached.set()
                fault.go_on.wait()
                self.wfile.write(view[end:])
        except OSError:  # the reader was killed
            self.close_connection = True
        if fault and fault.cut_after is not None and not fault.go_on:
            self.close_connection = True

    def _refuse(self, status: int, code: str = "", message: str = "") -> None:
        head = {"Content-Type": "application/json"}
        head |= {"X-Error-Code": code} if code else {}
        head |= {"X-Error-Message": message} if message else {}
        self._send(status, json.dumps({"error": message or str(status)}).encode(), head)


def _sibling(path: str, content: bytes, blobs: bool) -> dict[str, Any]:
    if not blobs:
        return {"rfilename": path}
    if not path.endswith(LARGE):
        return {"rfilename": path, "size": len(content), "blobId": _blob(content)}
    lfs = {"sha256": _sha256(content), "size": len(content), "pointerSize": 134}
    pointer = _blob(f"oid sha256:{lfs['sha256']}\nsize {len(content)}\n".encode())
    return {"rfilename": path, "size": len(content), "blobId": pointer, "lfs": lfs}


@lru_cache(maxsize=64)
def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
