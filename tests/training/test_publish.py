"""opsctl train publish: nothing is sent without --yes; with it, one commit on the Hub."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from tests.fakes import hub_files
from tests.fakes.hub_uploads import WritableHub
from tests.workspace import Workspace
from training.data.rows import Row
from training.model.encode import prompt_text

TOKEN, READER = "hf_OfTheTestThatMayWrite", "hf_OfTheTestThatMayRead"
REPO = "somebody/assistant-lora"
BASE = "TheBloke--Mistral-7B-Instruct-v0.2-GPTQ"
FILES = ["README.md", "adapter_config.json", "adapter_model.safetensors", "loss.png"]
SIDE = {
    "loss": 1.5, "perplexity": 4.4817, "answer_tokens": 90, "answer_characters": 300.25,
    "same_language": 0.875, "stopped": 0.5,
}  # fmt: skip


@dataclass
class Publisher:
    """A workspace with a run that has ended, and a Hub on which it may write."""

    workspace: Workspace
    hub: WritableHub

    def publish(self, *args: str, token: str = TOKEN) -> str:
        """What a `publish` that must succeed says, on both streams."""
        done = self.workspace.run("train", "publish", "mine", *args, env={"HF_TOKEN": token})
        assert done.returncode == 0, done
        assert "hf_" not in done.stdout + done.stderr
        return done.stdout + done.stderr

    def fails(self, *args: str, token: str = TOKEN, code: int = 1) -> str:
        """The sentence of one that must fail, without a commit."""
        command = ("train", "publish", "mine", "--repo", REPO, "--yes", *args)
        told = self.workspace.fails(code, *command, env={"HF_TOKEN": token})
        assert "hf_" not in told
        assert not self.hub.asked("/commit/", "POST")
        return told


@pytest.fixture
def publisher(workspace: Workspace) -> Iterator[Publisher]:
    make_run(workspace)
    with WritableHub() as hub:
        hub.writers[TOKEN] = "somebody"
        hub.readers.add(READER)
        workspace.env["OPSCTL_HF_ENDPOINT"] = hub.url
        yield Publisher(workspace, hub)


def make_run(workspace: Workspace) -> None:
    """Write what `train prepare`, `train run` and `train compare` leave behind."""
    files = hub_files.adapter()
    names = ("adapter_config.json", "adapter_model.safetensors")
    adapter = {name: files[name] for name in names}
    sha = hashlib.sha256(adapter["adapter_model.safetensors"]).hexdigest()
    data = workspace.state / "training" / "data"
    settings = {"base": "gptq", "rank": 8, "lr": 5e-5, "limit": None, "data": str(data)}
    manifest = {
        "base": BASE, "base_sha256": "b" * 64, "data_sha256": {"train.jsonl": "d" * 64},
        "settings": settings, "device": "cpu (x86_64)", "dtype": "float32", "steps": 20,
        "seconds": 61.5, "versions": {"peft": "0.21.2"}, "adapter_sha256": sha,
    }  # fmt: skip
    half = {"rows": 90, "questions": 88, "sha256": "d" * 64}
    report = {
        "source": {"repo": "its5Q/yandex-q", "commit": "c" * 40},
        "rules": [{"rule": "bad words", "removed": 17, "changed": 0}], "rows": 117, "kept": 100,
        "train": half, "eval": {**half, "rows": 10}, "questions_in_both": 0,
    }  # fmt: skip
    compared = {
        "run": "mine", "adapter_sha256": sha, "rows": 50, "tokens": 256, "identical": 0.02,
        "base": SIDE, "adapter": {**SIDE, "loss": 1.25},
        "reference": {**SIDE, "loss": None, "perplexity": None, "stopped": None},
    }  # fmt: skip
    events = [
        {"step": 1, "epoch": 0.1, "loss": 2.5}, {"step": 10, "epoch": 1.0, "eval_loss": 1.75},
        {"step": 20, "epoch": 2.0, "loss": 1.625}, {"step": 20, "epoch": 2.0, "eval_loss": 1.875},
    ]  # fmt: skip
    write(workspace, "adapters/mine", adapter)
    write(workspace, "training/data", {"report.json": hub_files.as_json(report)})
    write(
        workspace,
        "training/runs/mine",
        {
            "manifest.json": hub_files.as_json(manifest),
            "compare.json": hub_files.as_json(compared),
            "log.jsonl": "".join(f"{json.dumps(event)}\n" for event in events).encode(),
            "loss.png": b"\x89PNG picture",
        },
    )


def write(workspace: Workspace, folder: str, files: hub_files.Files) -> None:
    (workspace.state / folder).mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (workspace.state / folder / name).write_bytes(content)


def card_of(text: str) -> tuple[Any, str]:
    """The front matter and the text of a model card."""
    _, front, body = text.split("---\n", 2)
    return yaml.safe_load(front), body


def test_without_yes_nothing_is_sent(publisher: Publisher) -> None:
    told = publisher.publish("--repo", REPO)
    for name in FILES:
        assert name in told
    assert "nothing was sent" in told and f"public repository {REPO}" in told
    assert publisher.hub.seen == []
    assert "private repository" in publisher.publish("--repo", REPO, "--private")
    assert "HF_TOKEN is not set" in publisher.publish("--repo", REPO, token="")


def test_the_card_tells_what_the_adapter_is_made_of(publisher: Publisher) -> None:
    told = publisher.publish("--repo", REPO)
    front, body = card_of(told[told.index("---\n") :])
    assert front["base_model"] == "TheBloke/Mistral-7B-Instruct-v0.2-GPTQ"
    assert (front["library_name"], front["license"]) == ("peft", "apache-2.0")
    assert (front["language"], front["datasets"]) == (["ru"], ["its5Q/yandex-q"])
    assert f"```text\n{prompt_text(Row('{question}', '{passage}', ''))}\n```" in body
    assert "117 rows, of which 100 were kept" in body
    assert "| bad words | 17 | 0 |" in body
    assert "| learning rate | 5e-05 |" in body
    assert "| held-out loss, best (step 10, this adapter) | 1.750 |" in body
    assert "| loss per token of the held-out answers | 1.5 | 1.25 | - |" in body
    assert f"hf download {REPO} --local-dir var/adapters/mine\nopsctl train use mine\n" in body


def test_yes_makes_the_repository_with_the_four_files(publisher: Publisher) -> None:
    told = publisher.publish("--repo", REPO, "--yes")
    assert f"{publisher.hub.url}/{REPO}\n" in told
    there = publisher.hub.files(REPO)
    assert sorted(there) == [".gitattributes", *FILES]
    state = publisher.workspace.state
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        assert there[name] == (state / "adapters" / "mine" / name).read_bytes()
    assert card_of(there["README.md"].decode())[0]["library_name"] == "peft"
    assert REPO not in publisher.hub.private
    before = publisher.hub.branches[REPO]["main"]
    publisher.publish("--repo", REPO, "--yes")  # unchanged: no other commit
    assert publisher.hub.branches[REPO]["main"] == before
    assert len(publisher.hub.asked("/lfs-storage/", "PUT")) == 1


def test_a_private_one_is_private_and_a_public_one_is_not_filled_as_such(
    publisher: Publisher,
) -> None:
    publisher.publish("--repo", REPO, "--yes", "--private")
    assert REPO in publisher.hub.private
    publisher.hub.private.clear()
    commit = publisher.hub.branches[REPO]["main"]
    told = publisher.workspace.fails(
        1, "train", "publish", "mine", "--repo", REPO, "--yes", "--private", env={"HF_TOKEN": TOKEN}
    )
    assert "exists and is public" in told
    assert publisher.hub.branches[REPO]["main"] == commit


def test_a_token_that_may_not_write_is_told(publisher: Publisher) -> None:
    assert "there is no Hub token" in publisher.fails(token="")
    assert "may not write" in publisher.fails(token=READER)
    assert "does not accept the token (401)" in publisher.fails(token="hf_unknown")
    publisher.hub.push(REPO, "main", {})  # of somebody, for everybody to read
    assert "may not write" in publisher.fails(token=READER)


def test_the_hub_s_failures_are_told(publisher: Publisher) -> None:
    publisher.hub.fail("/api/repos/create", 503)
    assert "busy or broken now (503)" in publisher.fails()
    publisher.hub.fail("/lfs-storage/", 403)
    assert "may not write" in publisher.fails()
    told = publisher.fails("--license", "of-my-own")
    assert "does not accept the head of the model card" in told and "--license" in told
    publisher.workspace.env["OPSCTL_HF_ENDPOINT"] = "http://127.0.0.1:1"
    assert "nothing answers at 127.0.0.1:1" in publisher.fails()


@pytest.mark.parametrize("name", ["mine", "a/b/c", "some body/x", "me/x.git", "me/a--b"])
def test_a_name_that_the_hub_would_not_take_is_refused(publisher: Publisher, name: str) -> None:
    told = publisher.workspace.fails(2, "train", "publish", "mine", "--repo", name)
    assert "not the name of a repository" in told


def test_a_run_that_is_not_whole_is_not_published(publisher: Publisher) -> None:
    state = publisher.workspace.state
    run, weights = state / "training" / "runs" / "mine", state / "adapters" / "mine" / FILES[2]
    weights.write_bytes(weights.read_bytes()[::-1])
    assert "is not what the run made" in publisher.fails()
    weights.unlink()
    assert "is not there" in publisher.fails()
    make_run(publisher.workspace)
    (run / "loss.png").unlink()
    assert "opsctl train plot mine" in publisher.fails()
    (run / "manifest.json").unlink()
    assert "the run mine has not ended" in publisher.fails()


def test_what_belongs_to_other_rows_or_weights_stays_out_of_the_card(publisher: Publisher) -> None:
    state = publisher.workspace.state / "training"
    for path in (state / "data" / "report.json", state / "runs" / "mine" / "compare.json"):
        text = path.read_text()
        path.write_text(text.replace("d" * 64, "e" * 64).replace('sha256": "', 'sha256": "0'))
    told = publisher.publish("--repo", REPO)
    assert "## Data" not in told and "## Base and adapter" not in told
    assert "prepared again" in told and "opsctl train compare mine" in told
