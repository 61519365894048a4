"""The end of the way: a run's adapter is compared, served by localtgi, proven, and asked."""

import json
import shutil
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.gpu_server import free_port
from tests.training.running import NAME, Lab
from tests.workspace import Workspace, note, question
from training.data.rows import Row, read_prepared
from training.model.encode import prompt_text

TOKENS = 120  # more than an answer that ends at its end has, and less than two of them
TGI_ENV = """MODEL_ID={model}
LORA_ADAPTERS=zero=/data/adapters/zero
MAX_INPUT_TOKENS=3072
MAX_TOTAL_TOKENS=4096
"""


@dataclass(frozen=True)
class Trained:
    """A workspace with a run that has ended, and what `compare` said of it."""

    workspace: Workspace
    model: Path
    manifest: dict[str, Any]
    compared: Any

    def held_out(self) -> list[Row]:
        return read_prepared(self.workspace.state / "training" / "data" / "eval.jsonl")


@pytest.fixture(scope="module")
def trained(ended: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    workspace = Workspace(tmp_path_factory.mktemp("trained"))
    url = f"http://127.0.0.1:{free_port()}"
    workspace.env |= {"OMP_NUM_THREADS": "1", "OPSCTL_SERVER_URL": url}
    workspace.documents.mkdir()
    shutil.copytree(ended.workspace.state, workspace.state)
    compare = ("train", "compare", "--tokens", str(TOKENS), "--batch", "20", "--json")
    told = workspace.run(*compare)
    assert told.returncode == 0, told
    compared = json.loads(told.stdout)
    yield Trained(workspace, ended.base / "model-gptq", ended.manifest, compared)
    workspace.run("stop")


def test_compare_tells_base_and_adapter_apart(trained: Trained) -> None:
    found, rows = trained.compared, trained.held_out()
    assert found["rows"] == len(rows) > 20  # more than a batch
    base, adapter, reference = (found[side] for side in ("base", "adapter", "reference"))
    # What the run itself found for the same answers, by code of its own.
    assert adapter["loss"] == pytest.approx(trained.manifest["best_eval_loss"], abs=1e-3)
    assert adapter["loss"] < base["loss"]
    assert found["identical"] < 1
    mean = sum(len(row.answer) for row in rows) / len(rows)
    assert reference["answer_characters"] == pytest.approx(mean)
    assert (base["same_language"], adapter["same_language"]) == (1, 1)
    # The base goes on and on; the adapter was to learn where an answer ends.
    assert (base["stopped"], base["answer_tokens"]) == (0, TOKENS)
    assert adapter["stopped"] > 0.5 and adapter["answer_tokens"] < TOKENS
    written = trained.workspace.state / "training" / "runs" / NAME / "compare.json"
    assert json.loads(written.read_text()) == found


def test_the_card_of_the_run_tells_what_was_compared(trained: Trained) -> None:
    card = succeeds(trained.workspace, "train", "publish", NAME, "--repo", "somebody/lora")
    assert f"| perplexity | {trained.compared['base']['perplexity']:.3f}".rstrip("0") in card
    assert trained.manifest["adapter_sha256"] in card
    adapter = trained.workspace.state / "adapters" / NAME / "adapter_config.json"
    for place in (
        trained.model.parent,
        trained.workspace.root,
        trained.manifest["settings"]["data"],
    ):
        assert str(place) not in card + adapter.read_text()


def test_the_printed_commands_serve_the_adapter(trained: Trained) -> None:
    workspace = trained.workspace
    workspace.write("note1.txt", note(1))
    workspace.reindex()
    tgi_env = workspace.root / "deploy" / "tgi.env"
    tgi_env.parent.mkdir()
    tgi_env.write_text(TGI_ENV.format(model=trained.model))
    assert "next: opsctl restart && opsctl verify" in succeeds(workspace, "train", "use", NAME)
    server = ("--server", "local", "--model", str(trained.model))
    assert f"the adapter {NAME} is applied" in succeeds(workspace, "restart", *server)
    proof = workspace.json("verify")
    assert (proof["adapter"], proof["applied"]) == (NAME, True)
    assert [step["result"] for step in proof["steps"]] == ["ok"] * 4
    reply = workspace.answer(question(1), env={"OPSCTL_ANSWER_TOKENS": "20"})
    assert (reply["engine"], reply["model"]) == ("server", NAME)
    check_answers(trained)


def succeeds(workspace: Workspace, *args: str) -> str:
    """What a command that must succeed says, on both streams."""
    done = workspace.run(*args)
    assert done.returncode == 0, done
    return done.stdout + done.stderr


def check_answers(trained: Trained) -> None:
    """The server answers one by one what `compare` made in batches."""
    by_question = {row.question: row for row in trained.held_out()}
    for shown in trained.compared["examples"]:
        prompt = prompt_text(by_question[shown["question"]])
        for side, adapter in (("base", "zero"), ("adapter", NAME)):
            assert generate(trained.workspace, prompt, adapter) == shown[side]


def generate(workspace: Workspace, prompt: str, adapter: str) -> str:
    parameters = {"adapter_id": adapter, "max_new_tokens": TOKENS, "do_sample": False}
    request = urllib.request.Request(
        workspace.env["OPSCTL_SERVER_URL"] + "/generate_stream",
        json.dumps({"inputs": prompt, "parameters": parameters}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:
        events = [line for line in response if line.startswith(b"data: ")]
    return str(json.loads(events[-1][6:])["generated_text"]).lstrip()  # tokens keep their space
