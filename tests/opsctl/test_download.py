"""opsctl download from a Hub that works: what arrives, what is kept, what is fetched again."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from opsctl.hub import catalog
from tests.fakes import hub_files
from tests.fakes.hub import FakeHub
from tests.fakes.hub_downloads import (
    ADAPTER,
    EMBEDDER,
    MODEL,
    WEIGHTS,
    bodies,
    download,
    files,
    serving,
)
from tests.workspace import Workspace

TOKEN = "hf_secretsecretsecret"


@pytest.fixture
def hub(workspace: Workspace) -> Iterator[FakeHub]:
    """The Hub that the workspace's commands ask."""
    with serving(workspace) as made:
        yield made


def test_all_three_are_fetched_whole_and_nothing_that_is_not_needed(
    workspace: Workspace, hub: FakeHub
) -> None:
    workspace.options["umask"] = 0o077
    report = download(workspace)
    assert {name: line["result"] for name, line in report.items()} == dict.fromkeys(
        ("model", "adapter", "embedder"), "downloaded"
    )
    model, adapter = hub_files.model(), hub_files.adapter()
    needed = {path: model[path] for path in model if path not in ("README.md", ".gitattributes")}
    assert files(workspace.state / MODEL) == needed
    assert files(workspace.state / ADAPTER) == {
        path: adapter[path] for path in ("adapter_config.json", "adapter_model.safetensors")
    }
    assert sorted(files(workspace.state / EMBEDDER)) == [
        "1_Pooling/config.json", "2_Dense/pytorch_model.bin", "config.json", WEIGHTS,
        "modules.json", "vocab.txt",
    ]  # fmt: skip
    for kind in ("models", "adapters"):
        for path in (workspace.state / kind, *(workspace.state / kind).rglob("*")):
            wanted = 0o555 if path.is_dir() else 0o444
            assert path.stat().st_mode & wanted == wanted, path
    assert sorted(path.name for path in (workspace.state / "models").iterdir()) == sorted(
        Path(folder).name for folder in (MODEL, EMBEDDER)
    )
    assert not hub.asked("xet")


def test_the_manifest_records_commit_and_hashes(workspace: Workspace, hub: FakeHub) -> None:
    download(workspace)
    record = json.loads((workspace.state / "manifest.json").read_text())
    entry = record["installed"]["model"]
    assert entry["commit"] == hub.branches[hub_files.MODEL][hub_files.MODEL_BRANCH]
    assert record["pending"] == {}
    for file in entry["files"]:
        content = (workspace.state / MODEL / file["path"]).read_bytes()
        assert len(content) == file["size"]
        if file["sha256"]:
            assert hashlib.sha256(content).hexdigest() == file["sha256"]
    assert {file["path"] for file in entry["files"] if file["sha256"]} == {
        WEIGHTS, "tokenizer.model",
    }  # fmt: skip


def test_a_second_run_fetches_nothing_and_works_without_the_hub(
    workspace: Workspace, hub: FakeHub
) -> None:
    download(workspace)
    asked = bodies(hub)
    for env in ({}, {"OPSCTL_HF_ENDPOINT": "http://127.0.0.1:9"}, {"HF_HUB_OFFLINE": "1"}):
        workspace.env |= env
        assert {line["result"] for line in download(workspace).values()} == {"already downloaded"}
    assert bodies(hub) == asked


def test_one_can_be_fetched_alone(workspace: Workspace, hub: FakeHub) -> None:
    assert list(download(workspace, "adapter")) == ["adapter"]
    assert (workspace.state / "adapters/zero/adapter_model.safetensors").is_file()
    assert not (workspace.state / "models").exists()
    assert list(download(workspace, "model", "embedder")) == ["model", "embedder"]


def test_a_branch_that_moves_is_followed_by_upgrade_only(
    workspace: Workspace, hub: FakeHub
) -> None:
    old = download(workspace, "model")["model"]["commit"]
    changed = hub_files.model() | {"tokenizer.json": b'{"version": "2.0"}'}
    new = hub.push(hub_files.MODEL, hub_files.MODEL_BRANCH, changed)
    done = workspace.run("download", "model")
    assert "a newer commit exists: opsctl download model --upgrade" in done.stderr
    line = download(workspace, "model")["model"]
    assert (line["commit"], line["newer"], line["result"]) == (old, new, "already downloaded")
    (workspace.state / MODEL / "config.json").unlink()
    assert download(workspace, "model")["model"]["commit"] == old  # mended as it was
    before = len(bodies(hub))
    upgraded = download(workspace, "model", "--upgrade")["model"]
    assert (upgraded["commit"], upgraded["newer"]) == (new, None)
    assert bodies(hub)[before:] == ["tokenizer.json"]
    assert (workspace.state / MODEL / "tokenizer.json").read_bytes() == changed["tokenizer.json"]


def test_an_upgrade_that_fails_leaves_the_old_one_and_can_be_gone_on_with(
    workspace: Workspace, hub: FakeHub
) -> None:
    download(workspace, "model")
    old = files(workspace.state / MODEL)
    hub.push(hub_files.MODEL, hub_files.MODEL_BRANCH, hub_files.model(50_000))
    hub.corrupt(WEIGHTS)
    workspace.fails(1, "download", "model", "--upgrade")
    assert files(workspace.state / MODEL) == old
    download(workspace, "model")
    assert (workspace.state / MODEL / WEIGHTS).stat().st_size == 50_000


def test_verify_needs_no_network_and_names_what_is_wrong(
    workspace: Workspace, hub: FakeHub
) -> None:
    download(workspace)
    nowhere = {"OPSCTL_HF_ENDPOINT": "http://127.0.0.1:9"}
    whole = workspace.json("download", "--verify", env=nowhere)["downloads"]
    assert {line["name"]: line["result"] for line in whole} == dict.fromkeys(
        ("model", "adapter", "embedder", "zero"), "ok"
    )
    weights = workspace.state / MODEL / WEIGHTS
    weights.write_bytes(weights.read_bytes()[::-1])
    (workspace.state / EMBEDDER / "vocab.txt").unlink()
    done = workspace.run("download", "--verify", env=nowhere)
    assert done.returncode == 1
    assert f"model: differs: {WEIGHTS}" in done.stderr
    assert "embedder: missing: vocab.txt" in done.stderr
    before = len(bodies(hub))
    download(workspace)
    assert bodies(hub)[before:] == [WEIGHTS, "vocab.txt"]
    workspace.json("download", "--verify")


def test_verify_of_what_was_never_fetched_fails(workspace: Workspace) -> None:
    report = workspace.json("download", "--verify", "model", code=1)
    assert [line["result"] for line in report["downloads"]] == ["not downloaded"]
    assert not workspace.state.exists()


def test_dry_run_lists_and_writes_nothing(workspace: Workspace, hub: FakeHub) -> None:
    report = workspace.json("download", "--dry-run")
    fetch = report["downloads"]["adapter"]["fetch"]
    adapter = hub_files.adapter()
    assert {file["path"]: file["size"] for file in fetch} == {
        path: len(adapter[path]) for path in ("adapter_config.json", "adapter_model.safetensors")
    }
    assert bodies(hub) == []
    assert not workspace.state.exists()
    download(workspace)
    assert workspace.json("download", "--dry-run")["bytes"] == 0


def test_the_token_opens_and_is_never_shown_or_kept(workspace: Workspace, hub: FakeHub) -> None:
    hub.closed[hub_files.ADAPTER] = TOKEN
    done = workspace.run("download", env={"HF_TOKEN": TOKEN, "OPSCTL_DEBUG": "1"})
    assert done.returncode == 0, done
    assert {seen.authorization for seen in hub.seen} == {f"Bearer {TOKEN}"}
    assert TOKEN not in done.stdout + done.stderr
    assert not any(TOKEN.encode() in content for content in files(workspace.root).values())


def test_two_downloads_at_once_are_refused(workspace: Workspace, hub: FakeHub) -> None:
    held = hub.hold("/" + WEIGHTS, 1000)
    with workspace.start("download", "model", fresh=True) as first:
        assert held.reached.wait(30)
        told = workspace.fails(1, "download", "embedder")
        assert f"another download is running: process {first.pid}" in told
        workspace.json("download", "--verify", code=1)
        assert held.go_on
        held.go_on.set()
        assert first.communicate() and first.returncode == 0


def test_unknown_names_and_contrary_options_are_usage_errors(workspace: Workspace) -> None:
    told = workspace.fails(2, "download", "modle")
    assert "modle" in told
    assert "model, adapter, embedder" in told
    workspace.fails(2, "download", "--verify", "--upgrade")


def test_a_lost_or_changed_zero_adapter_is_written_again(
    workspace: Workspace, hub: FakeHub
) -> None:
    download(workspace)
    zero = workspace.state / "adapters/zero"
    made = files(zero)
    shutil.copy(workspace.state / ADAPTER / "adapter_model.safetensors", zero)
    report = workspace.json("download", "--verify", "adapter", code=1)
    assert [line["result"] for line in report["downloads"]] == ["ok", "differs"]
    download(workspace)
    assert files(zero) == made


def test_the_embedder_is_found_where_it_was_put_and_only_when_whole(
    workspace: Workspace, hub: FakeHub
) -> None:
    workspace.env["OPSCTL_EMBEDDER"] = hub_files.EMBEDDER

    def seen_by_doctor() -> str:
        checks = json.loads(workspace.run("doctor", "--json").stdout)
        return str(next(check["detail"] for check in checks if check["name"] == "embedder"))

    hub.corrupt("/" + WEIGHTS)
    assert WEIGHTS in workspace.fails(1, "download", "embedder")
    assert "is not on this machine" in seen_by_doctor()
    download(workspace, "embedder")
    assert str(workspace.state / EMBEDDER) in seen_by_doctor()


def test_the_embedder_of_the_settings_is_the_one_that_is_fetched(workspace: Workspace) -> None:
    env = {"OPSCTL_EMBEDDER": "some/embedder"}
    workspace.write("note1.txt", "Складом заведует кладовщик.")
    told = workspace.fails(1, "reindex", env=env)
    assert "some/embedder is not on this machine" in told
    assert "opsctl download embedder" in told
    with FakeHub() as hub:
        hub.push("some/embedder", "main", hub_files.embedder())
        env["OPSCTL_HF_ENDPOINT"] = hub.url
        [line] = workspace.json("download", "embedder", env=env)["downloads"]
    assert line["folder"] == str(workspace.state / "models" / "some--embedder")


def test_the_better_embedder_of_the_same_size_is_offered_beside_the_default(
    workspace: Workspace, hub: FakeHub
) -> None:
    done = workspace.run("download", "embedder")
    assert done.returncode == 0, done
    assert "RuBQ, nDCG@10: 71.0 against 29.0" in done.stderr
    assert "OPSCTL_EMBEDDER=sergeyzh/BERTA" in done.stderr
    hub.push("sergeyzh/BERTA", "main", hub_files.embedder())
    other = workspace.run("download", "embedder", env={"OPSCTL_EMBEDDER": "sergeyzh/BERTA"})
    assert other.returncode == 0, other
    assert "RuBQ" not in other.stderr
    assert (workspace.state / "models" / "sergeyzh--BERTA" / "config.json").is_file()


def test_with_onnx_runtime_alone_the_onnx_file_comes_in_the_place_of_the_weights() -> None:
    [item] = catalog.chosen(["embedder"])
    paths = ["config.json", "model.safetensors", "2_Dense/pytorch_model.bin", "tokenizer.json"]
    by_onnx = replace(item, by_onnx=True)
    assert by_onnx.choose([*paths, "onnx/model.onnx", "onnx/model_O4.onnx"]) == [
        "config.json", "tokenizer.json", "onnx/model.onnx",
    ]  # fmt: skip
    assert by_onnx.choose(paths) == paths
