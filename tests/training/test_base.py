"""The bases of a run: each kind is trained on, and what is no base is told in a sentence."""

import json
import shutil
from pathlib import Path

import pytest
from safetensors.numpy import load_file, save_file

from tests.training.running import Lab
from tests.workspace import said

SHORT = ("--epochs", "1", "--limit", "32", "--accumulate", "2", "--save-steps", "1")


def command(model: Path, *flags: str) -> tuple[str, ...]:
    return "train", "run", "--model", str(model), *flags


@pytest.mark.parametrize("kind", ["nf4", "fp16"])
def test_a_base_that_is_not_gptq_is_trained_on(prepared: Lab, kind: str) -> None:
    run = command(prepared.base / "model", "--base", kind, "--name", kind, "--lr", "1e-2", *SHORT)
    done = prepared.workspace.run(*run)
    assert done.returncode == 0, done
    folder = prepared.run.with_name(kind)
    events = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    held_out = [event["eval_loss"] for event in events if "eval_loss" in event]
    assert held_out[-1] < held_out[0]


def test_the_packed_and_the_unpacked_base_lose_alike(prepared: Lab) -> None:
    """GPTQ's packed weights, and the float ones that they stand for."""
    losses = []
    for twin, kind in (("model-gptq", "gptq"), ("model-dequantised", "fp16")):
        run = command(prepared.base / twin, "--base", kind, "--name", twin, *SHORT)
        assert prepared.workspace.run(*run).returncode == 0
        log = (prepared.run.with_name(twin) / "log.jsonl").read_text()
        losses.append([json.loads(line).get("loss") for line in log.splitlines()])
    for packed, plain in zip(*losses, strict=True):
        assert packed == pytest.approx(plain, abs=2e-3)


def test_what_is_no_base_is_told(prepared: Lab, tmp_path: Path) -> None:
    def told(model: Path, *flags: str) -> str:
        return said(prepared.workspace.run(*command(model, *flags)))

    workspace, packed = prepared.workspace, prepared.base / "model-gptq"
    assert "opsctl download model" in said(workspace.run("train", "run"))
    assert "--model FOLDER" in said(workspace.run("train", "run", "--base", "nf4"))
    assert "opsctl download model" in told(tmp_path / "absent")
    assert "is GPTQ" in told(packed, "--base", "nf4") and "--base gptq" in told(
        packed, "--base", "fp16"
    )
    assert "is not GPTQ" in told(prepared.base / "model")
    assert "no CUDA" in told(packed, "--device", "cuda")
    assert "must be a Mistral" in told(_renamed(packed, tmp_path / "llama", "LlamaForCausalLM"))
    assert "opsctl download model" in told(_cut(packed, tmp_path / "cut"))


def test_a_tokenizer_without_settings_says_nothing_of_its_own(
    prepared: Lab, tmp_path: Path
) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(prepared.base / "model-gptq", bare)
    (bare / "tokenizer_config.json").unlink()
    run = command(bare, "--name", "bare", "--dry-run", *SHORT)
    done = prepared.workspace.run(*run)
    assert done.returncode == 0 and "legacy" not in done.stdout + done.stderr, done


def test_a_loss_that_is_no_number_stops_the_run(prepared: Lab, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(prepared.base / "model-gptq", broken)
    weights = load_file(broken / "model.safetensors")
    weights["model.embed_tokens.weight"][:] = float("nan")
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    done = prepared.workspace.run(*command(broken, "--name", "broken", *SHORT))
    assert done.returncode == 1
    assert "is nan at step 0" in done.stderr and "--lr" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (prepared.workspace.state / "adapters" / "broken").exists()


def _renamed(model: Path, folder: Path, architecture: str) -> Path:
    shutil.copytree(model, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"architectures": [architecture]}))
    return folder


def _cut(model: Path, folder: Path) -> Path:
    shutil.copytree(model, folder)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    return folder
