"""The fake Hub answers what huggingface_hub reads of the real one: a row is a request."""

import base64
import hashlib
import http.client
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.fakes.hub_files import ADAPTER, EMBEDDER, MODEL, MODEL_BRANCH
from tests.fakes.hub_uploads import WritableHub

CONTENT = b"0123456789"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
BLOB = hashlib.sha1(b"blob 2\0{}", usedforsecurity=False).hexdigest()
COMMIT = "X-Repo-Commit"
RIGHT, WRONG, READER = "hf_right", "hf_wrong", "hf_reader"
WEIGHTS = "/me/a/resolve/main/w.safetensors"
CARD = "---\nlicense: mit\n---\n"
# Method and path, a header, the status, and headers of the answer (None: it has none of the name).
ROWS: list[tuple[str, str, dict[str, str], int, dict[str, str | None]]] = [
    ("HEAD", WEIGHTS, {}, 302, {"X-Linked-Size": "10", "X-Linked-Etag": f'"{SHA256}"'}),
    ("HEAD", "/me/a/resolve/main/c.json", {}, 307, {"Location": "/api/resolve-cache/models/me/a/"}),
    ("GET", "/me/a/resolve/main/none", {}, 404, {"X-Error-Code": "EntryNotFound"}),
    ("GET", "/me/a/resolve/other/c.json", {}, 404, {"X-Error-Code": "RevisionNotFound"}),
    ("GET", "/api/models/me/none", {}, 401, {"X-Error-Code": "RepoNotFound"}),
    ("GET", "/api/models/me/none", {"Authorization": RIGHT}, 404, {"X-Error-Code": "RepoNotFound"}),
    ("GET", "/api/models/me/a/revision/no", {}, 404, {"X-Error-Code": "RevisionNotFound"}),
    ("GET", "/api/models/me/gated", {}, 200, {}),
    ("GET", "/me/gated/resolve/main/c.json", {}, 401, {"X-Error-Code": "GatedRepo"}),
    ("GET", "/me/gated/resolve/main/c.json", {"Authorization": RIGHT}, 403, {
        "X-Error-Code": "GatedRepo"}),
    ("GET", "/api/models/me/closed", {}, 401, {"X-Error-Code": None}),
    ("GET", "/api/models/me/closed", {"Authorization": WRONG}, 401, {
        "X-Error-Message": "Invalid credentials in Authorization header"}),
    ("GET", "/api/models/me/closed", {"Authorization": RIGHT}, 200, {}),
    ("GET", "/no/such/route/at/all", {}, 404, {"X-Error-Code": None}),
]  # fmt: skip
# What is written, with which token, and the status and keys (or the error) of the answer.
WRITES: list[tuple[str, Any, str, int, Any]] = [
    ("/api/repos/create", {"organization": "me", "name": "new"}, RIGHT, 200, {"url", "name"}),
    ("/api/repos/create", {"organization": "me", "name": "a"}, RIGHT, 409, {
        "url", "name", "error"}),
    ("/api/repos/create", {"organization": "me", "name": "new"}, READER, 403,
     "You don't have the rights to do this under this namespace"),
    ("/api/repos/create", {"organization": "me", "name": "new"}, WRONG, 401,
     "Invalid credentials in Authorization header"),
    ("/api/validate-yaml", {"content": CARD}, RIGHT, 200, {"errors", "warnings"}),
    ("/api/validate-yaml", {"content": CARD.replace("mit", "x")}, RIGHT, 400, {
        "errors", "warnings"}),
    ("/api/models/me/a/preupload/main", {"files": [{"path": "n.bin"}]}, RIGHT, 200, {"files"}),
    ("/me/a.git/info/lfs/objects/batch",
     {"transfers": ["basic"], "objects": [{"oid": SHA256, "size": 10}]}, RIGHT, 200,
     {"transfer", "objects"}),
    ("/me/a.git/info/lfs/objects/verify", {"oid": SHA256, "size": 10}, RIGHT, 404, {"error"}),
]  # fmt: skip


@pytest.fixture
def hub() -> Iterator[WritableHub]:
    """A Hub with an open, a gated and a closed repository, two writers and a reader."""
    with WritableHub() as made:
        for name in ("me/a", "me/gated", "me/closed"):
            made.push(name, "main", {"c.json": b"{}", "w.safetensors": CONTENT})
        made.gated.add("me/gated")
        made.closed["me/closed"] = RIGHT
        made.writers[RIGHT] = "me"
        made.readers.add(READER)
        yield made


def ask(
    hub: WritableHub, method: str, path: str, headers: dict[str, str], body: Any = None
) -> tuple[int, Any, bytes]:
    """Status, headers and body."""
    if "Authorization" in headers:
        headers = {**headers, "Authorization": f"Bearer {headers['Authorization']}"}
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    connection = http.client.HTTPConnection(urlsplit(hub.url).netloc, timeout=10)
    try:
        connection.request(method, path.removeprefix(hub.url), data, headers)
        reply = connection.getresponse()
        return reply.status, reply.headers, reply.read()
    finally:
        connection.close()


@pytest.mark.parametrize(("method", "path", "headers", "status", "answered"), ROWS)
def test_a_request(
    hub: WritableHub,
    method: str,
    path: str,
    headers: dict[str, str],
    status: int,
    answered: dict[str, str | None],
) -> None:
    got, found, _ = ask(hub, method, path, headers)
    assert got == status
    for name, value in answered.items():
        assert (found[name] or "").startswith(value or "") and (found[name] is None) == (not value)
    assert (found[COMMIT] == hub.branches["me/a"]["main"]) == (status in (302, 307))


@pytest.mark.parametrize(("path", "body", "token", "status", "answer"), WRITES)
def test_a_write(
    hub: WritableHub, path: str, body: Any, token: str, status: int, answer: Any
) -> None:
    got, found, text = ask(hub, "POST", path, {"Authorization": token}, body)
    assert got == status
    if isinstance(answer, str):
        assert found["X-Error-Message"] == answer
    else:
        assert set(json.loads(text)) == answer


def test_a_list_of_files_has_their_hashes(hub: WritableHub) -> None:
    """Of a large file the one of its content, of a small one git's."""
    listed = json.loads(ask(hub, "GET", "/api/models/me/a?blobs=true", {})[2])
    assert listed["sha"] == hub.branches["me/a"]["main"] and listed["id"] == "me/a"
    small, large = listed["siblings"]
    assert small == {"rfilename": "c.json", "size": 2, "blobId": BLOB}
    assert large["lfs"] == {"sha256": SHA256, "size": 10, "pointerSize": 134}
    short = json.loads(ask(hub, "GET", "/api/models/me/a", {})[2])
    assert short["siblings"][0] == {"rfilename": "c.json"}


def test_a_download_may_go_on(hub: WritableHub) -> None:
    """From a byte on; a cut body is shorter than was said, a corrupt one is not."""
    place = ask(hub, "HEAD", WEIGHTS, {})[1]["Location"]
    status, found, text = ask(hub, "GET", place, {"Range": "bytes=4-"})
    assert (status, text, found["Content-Range"]) == (206, CONTENT[4:], "bytes 4-9/10")
    assert ask(hub, "GET", place, {"Range": "bytes=10-"})[0] == 416
    hub.cut("w.safetensors", after=3)
    with pytest.raises(http.client.IncompleteRead):
        ask(hub, "GET", place, {})
    hub.corrupt("w.safetensors")
    bad = ask(hub, "GET", place, {})[2]
    assert len(bad) == len(CONTENT) and bad != CONTENT
    hub.fail("/api/", 503)
    assert [ask(hub, "GET", "/api/models/me/a", {})[0] for _ in range(2)] == [503, 200]


def test_an_upload_is_a_commit(hub: WritableHub) -> None:
    """Small files go with it, large ones before it, by their hash."""
    token = {"Authorization": RIGHT}
    batch = {"transfers": ["basic"], "objects": [{"oid": SHA256, "size": 10}]}
    asked = json.loads(ask(hub, "POST", "/me/a.git/info/lfs/objects/batch", token, batch)[2])
    place = asked["objects"][0]["actions"]["upload"]["href"]
    assert ask(hub, "PUT", place, {}, b"other")[0] == 400
    assert ask(hub, "PUT", place, {}, CONTENT)[0] == 200
    again = json.loads(ask(hub, "POST", "/me/a.git/info/lfs/objects/batch", token, batch)[2])
    assert "actions" not in again["objects"][0]
    lines = [
        {"key": "header", "value": {"summary": "s"}},
        {"key": "file", "value": {"path": "n.md", "content": base64.b64encode(b"n").decode()}},
        {"key": "lfsFile", "value": {"path": "n.bin", "oid": SHA256, "algo": "sha256"}},
    ]
    body = "\n".join(map(json.dumps, lines)).encode()
    answer = json.loads(ask(hub, "POST", "/api/models/me/a/commit/main", token, body)[2])
    assert answer["success"] and answer["commitOid"] == hub.branches["me/a"]["main"]
    assert hub.files("me/a")["n.md"] == b"n" and hub.files("me/a")["n.bin"] == CONTENT


def test_what_opsctl_downloads_is_there() -> None:
    """The model on its branch, the adapter and the embedder on main."""
    with WritableHub() as hub:
        hub.push_all()
        for repo, branch in ((MODEL, MODEL_BRANCH), (ADAPTER, "main"), (EMBEDDER, "main")):
            assert ask(hub, "GET", f"/api/models/{repo}/revision/{branch}", {})[0] == 200
