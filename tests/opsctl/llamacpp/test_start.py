"""opsctl start --server llamacpp before anything runs: what is told of a file, and of a machine."""

import socket
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from tests.opsctl.llamacpp import files
from tests.workspace import Workspace

TGI_ENV = """MODEL_ID=/data/models/absent
LORA_ADAPTERS=own=/data/adapters/own
MAX_INPUT_TOKENS=1536
MAX_TOTAL_TOKENS=2048
"""


def refused(workspace: Workspace, model: object, code: int = 1, **env: str) -> str:
    return workspace.fails(code, "start", "--server", "llamacpp", "--model", str(model), env=env)


def command(workspace: Workspace, model: Path) -> list[str]:
    done = workspace.run("start", "--server", "llamacpp", "--model", str(model), "--dry-run")
    assert done.returncode == 0, done
    return done.stdout.split()


def after(words: list[str], flag: str) -> str:
    return words[words.index(flag) + 1]


def left(workspace: Workspace) -> list[str]:
    """Files that a start has left."""
    run = workspace.state / "run"
    return sorted(path.name for path in run.iterdir()) if run.is_dir() else []


def huge(path: Path, size: int, layers: int = 1) -> Path:
    """A model whose file has a hole of so many bytes."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(layers)
    writer.add_context_length(4096)
    writer.add_embedding_length(64)
    writer.add_head_count(4)
    writer.add_chat_template("{{ messages }}")
    writer.add_tensor_info("token_embd.weight", (size // 4,), np.dtype("float32"), size)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    with path.open("ab") as stream:
        stream.truncate(path.stat().st_size + size + 64)
    return path


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"template": ""}, "has no chat template: it was not made to answer questions"),
        ({"layers": 0}, "does not say what kind of model it is"),
    ],
)
def test_a_model_that_cannot_answer_is_told_before_the_start(
    workspace: Workspace, change: dict[str, Any], said: str
) -> None:
    model = files.model(workspace.root / "m.gguf", **change)
    assert said in refused(workspace, model)
    assert "server.json" not in left(workspace)


def test_a_file_cut_off_is_told_with_its_sizes(workspace: Workspace) -> None:
    model = files.model(workspace.root / "m.gguf")
    whole = model.read_bytes()
    model.write_bytes(whole[:-10])
    assert f"is cut off: {len(whole) - 10} of {len(whole)} bytes" in refused(workspace, model)


def test_a_name_that_is_no_file_is_told(workspace: Workspace) -> None:
    assert "there is no file" in refused(workspace, workspace.root / "none.gguf")
    assert "is no GGUF file, which is what llama.cpp serves" in refused(workspace, "model.bin")
    told = workspace.fails(1, "start", "--server", "llamacpp")
    assert "no model for llama.cpp is on this machine" in told and "opsctl setup" in told


def test_an_adapter_is_no_model(workspace: Workspace) -> None:
    path = workspace.root / "lora.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type("adapter")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert "is no model, but adapter" in refused(workspace, path)


def test_too_little_memory_is_told_with_both_numbers(workspace: Workspace) -> None:
    model = huge(workspace.root / "m.gguf", 1 << 43)
    told = refused(workspace, model)
    assert "m.gguf needs 8796" in told and "are free" in told and "free -h" in told
    assert "server.json" not in left(workspace)


def test_a_taken_port_is_told_before_the_start(workspace: Workspace) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        model = files.model(workspace.root / "m.gguf")
        told = refused(workspace, model, OPSCTL_SERVER_URL=url)
    assert f"{port} is taken by another program" in told


def test_the_window_of_a_slot_is_that_of_the_settings_or_of_the_model(workspace: Workspace) -> None:
    model = files.model(workspace.root / "m.gguf", context=32768)
    words = command(workspace, model)
    assert int(after(words, "--ctx-size")) == 4096 * int(after(words, "--parallel"))
    (workspace.root / "deploy").mkdir()
    (workspace.root / "deploy" / "tgi.env").write_text(TGI_ENV)
    words = command(workspace, model)
    assert int(after(words, "--ctx-size")) == 2048 * int(after(words, "--parallel"))
    words = command(workspace, files.model(workspace.root / "short.gguf", context=512))
    assert int(after(words, "--ctx-size")) == 512 * int(after(words, "--parallel"))


def test_the_adapter_is_made_for_the_model_and_never_applied_by_itself(
    workspace: Workspace,
) -> None:
    (workspace.root / "deploy").mkdir()
    (workspace.root / "deploy" / "tgi.env").write_text(TGI_ENV)
    files.adapter(workspace.state / "adapters" / "own")
    words = command(workspace, files.model(workspace.root / "m.gguf"))
    assert Path(after(words, "--lora")).is_file()
    assert "--lora-init-without-apply" in words and after(words, "--cache-ram") == "0"
    assert after(words, "--alias") == "m+own"


def test_an_adapter_for_another_model_is_left_out_in_a_sentence(workspace: Workspace) -> None:
    (workspace.root / "deploy").mkdir()
    (workspace.root / "deploy" / "tgi.env").write_text(TGI_ENV)
    files.adapter(workspace.state / "adapters" / "own", layers=3)
    model = files.model(workspace.root / "m.gguf")
    done = workspace.run("start", "--server", "llamacpp", "--model", str(model), "--dry-run")
    assert "--lora " not in done.stdout and done.returncode == 0
    assert "has no blk.2.attn_q.weight" in done.stderr
    assert "the model answers without it" in done.stderr
    assert not list((workspace.state / "adapters").glob("*.gguf*"))


@pytest.mark.parametrize(
    ("base", "file", "warned"),
    [
        ("TheBloke/Mistral-7B-Instruct-v0.2-GPTQ", "mistral-7b-instruct-v0.2.Q4_K_M.gguf", False),
        ("TheBloke/Mistral-7B-Instruct-v0.2-GPTQ", "Mistral-7B-Instruct-v0.3-Q4_K_M.gguf", True),
        ("", "m.gguf", False),
    ],
)
def test_an_adapter_that_fits_a_model_of_another_name_is_warned_of(
    workspace: Workspace, base: str, file: str, warned: bool
) -> None:
    (workspace.root / "deploy").mkdir()
    (workspace.root / "deploy" / "tgi.env").write_text(TGI_ENV)
    files.adapter(workspace.state / "adapters" / "own", base_model_name_or_path=base)
    model = str(files.model(workspace.root / file))
    done = workspace.run("start", "--server", "llamacpp", "--model", model, "--dry-run")
    assert ("own was trained on" in done.stderr) == warned, done


def test_a_damaged_adapter_is_no_reason_to_do_without_it(workspace: Workspace) -> None:
    (workspace.root / "deploy").mkdir()
    (workspace.root / "deploy" / "tgi.env").write_text(TGI_ENV)
    folder = files.adapter(workspace.state / "adapters" / "own")
    (folder / "adapter_model.safetensors").write_bytes(b"cut")
    told = refused(workspace, files.model(workspace.root / "m.gguf"))
    assert "is not whole" in told and "opsctl download --verify" in told


def with_card(workspace: Workspace, free: int) -> None:
    """Put a llama-server on PATH that lists a card with so many free MiB, as llama.cpp does."""
    folder = workspace.root / "bin"
    folder.mkdir(exist_ok=True)
    program = folder / "llama-server"
    row = f"  CUDA0: NVIDIA GeForce RTX 3090 (24576 MiB, {free} MiB free)"
    program.write_text(f"#!/bin/sh\necho 'Available devices:'\necho '{row}'\n")
    program.chmod(0o755)
    workspace.env["PATH"] = f"{folder}:/bin:/usr/bin"


def test_a_llama_server_on_path_comes_first_and_uses_its_card(workspace: Workspace) -> None:
    model = files.model(workspace.root / "m.gguf", layers=2, context=32768)
    with_card(workspace, 24000)
    words = command(workspace, model)
    assert words[0] == str(workspace.root / "bin" / "llama-server")
    assert after(words, "--n-gpu-layers") == "3"  # and what follows the last layer
    assert after(words, "--parallel") == "4"


def test_a_card_takes_as_many_layers_as_it_has_room_for(workspace: Workspace) -> None:
    model = huge(workspace.root / "m.gguf", 1 << 30, layers=31)
    with_card(workspace, 24000)
    assert after(command(workspace, model), "--n-gpu-layers") == "32"
    with_card(workspace, 800)
    assert 1 < int(after(command(workspace, model), "--n-gpu-layers")) < 20
    with_card(workspace, 100)
    assert after(command(workspace, model), "--n-gpu-layers") == "0"
