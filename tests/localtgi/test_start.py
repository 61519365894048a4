"""How localtgi starts, how it fails to, and how it ends."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.localtgi.conftest import Servers
from tests.localtgi.server import launch

ENDING = 2.0  # seconds that a server may take to end, whatever it is doing


def copy(tiny: Path, tmp_path: Path, name: str = "model") -> Path:
    return Path(shutil.copytree(tiny / name, tmp_path / "copy"))


def rewrite(file: Path, **changes: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def failure(*arguments: str, api_key: str | None = None) -> str:
    """The one sentence with which a start fails."""
    process = launch(*arguments, api_key=api_key)
    _, log = process.communicate(timeout=120)
    assert process.returncode == 1, log
    assert "Traceback" not in log and "ready on" not in log
    last = log.splitlines()[-1]
    assert last.startswith("error: ")
    return last


def test_the_phases_of_a_start_are_lines_of_the_log(servers: Servers) -> None:
    banner, *phases = servers.adapters.log
    assert banner.startswith("localtgi: TGI's protocol on transformers")
    model = servers.adapters.ask("GET", "/info").json["model_id"]
    assert phases == [
        "starting torch and transformers",
        f"loading model {model} (float32, cpu)",
        "loading adapter loud",
        "loading adapter other",
        "loading adapter zero",
        f"ready on {servers.adapters.url}",
    ]


def test_sigterm_ends_the_server_in_the_middle_of_an_answer(servers: Servers) -> None:
    server = servers.ending
    body = {"inputs": "[INST] a [/INST]", "parameters": {"max_new_tokens": 3000}}
    with server.stream("/generate_stream", body) as events:
        assert json.loads(next(events))["index"] == 1
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=60) == 0
        assert time.monotonic() - began < ENDING


Breaker = Callable[[Path], object]
BROKEN: list[tuple[str, Breaker, str]] = [
    ("no folder", shutil.rmtree, "model: there is no folder"),
    ("no config", lambda m: (m / "config.json").unlink(), "has no config.json"),
    ("no JSON", lambda m: (m / "config.json").write_text("{"), "config.json cannot be read"),
    (
        "another kind",
        lambda m: rewrite(m / "config.json", architectures=["BertModel"]),
        "is not a causal language model: its config.json names BertModel",
    ),
    ("no tokenizer", lambda m: (m / "tokenizer.json").unlink(), "has no tokenizer.json"),
    ("no weights", lambda m: (m / "model.safetensors").unlink(), "has no weights in the saf"),
    (
        "weights cut short",
        lambda m: os.truncate(m / "model.safetensors", 100_000),
        "model.safetensors is damaged or cut short (100,000 bytes and its header says",
    ),
    (
        "weights of rubbish",
        lambda m: (m / "model.safetensors").write_bytes(b"rubbish " * 100),
        "model.safetensors is damaged or cut short",
    ),
    (
        "a shard missing",
        lambda m: (m / "model.safetensors.index.json").write_text(
            json.dumps({"weight_map": {"lm_head.weight": "model-00002-of-00002.safetensors"}})
        ),
        "has no model-00002-of-00002.safetensors, which its index names",
    ),
]


@pytest.mark.parametrize(
    ("broken", "says"), [case[1:] for case in BROKEN], ids=[c[0] for c in BROKEN]
)
def test_a_broken_model_is_named_in_one_sentence(
    tiny: Path, tmp_path: Path, broken: Breaker, says: str
) -> None:
    model = copy(tiny, tmp_path)
    broken(model)
    said = failure("--model", str(model))
    assert str(model) in said and says in said


def test_broken_adapters_are_named(tiny: Path, tmp_path: Path) -> None:
    adapter = copy(tiny, tmp_path, "adapters/loud")
    arguments = ("--model", f"{tiny}/model", "--adapter")
    os.truncate(adapter / "adapter_model.safetensors", 500)
    assert "adapter_model.safetensors is damaged" in failure(*arguments, f"mine={adapter}")
    (adapter / "adapter_model.safetensors").unlink()
    assert "adapter mine: " in failure(*arguments, f"mine={adapter}")
    rewrite(adapter / "adapter_config.json", peft_type="IA3")
    assert "is not a LoRA adapter" in failure(*arguments, f"mine={adapter}")
    assert "there is no folder" in failure(*arguments, f"mine={tmp_path}/nowhere")
    assert "is not of the form NAME=DIR" in failure(*arguments, str(adapter))
    assert "two adapters named mine" in failure(*arguments, "mine=a", "--adapter", "mine=b")


def test_other_quantisations_are_refused(tiny: Path, tmp_path: Path) -> None:
    cases = [
        ({"quant_method": "awq", "bits": 4}, "weights quantised by awq cannot be read"),
        ({"quant_method": "gptq", "bits": 8}, "GPTQ of 8 bits cannot be read"),
        (
            {"quant_method": "gptq", "bits": 4, "checkpoint_format": "gptq_v2"},
            "the GPTQ checkpoint format gptq_v2 cannot be read",
        ),
    ]
    model = copy(tiny, tmp_path, "model-gptq")
    for quantization, says in cases:
        rewrite(model / "config.json", quantization_config=quantization)
        assert says in failure("--model", str(model))


def test_a_taken_port_is_named(tiny: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = failure("--model", f"{tiny}/model", "--port", str(port))
    assert f"port {port} on 127.0.0.1 cannot be opened (Address already in use)" in said


def test_a_model_larger_than_the_memory_is_refused(torch_report: Any) -> None:
    assert torch_report["too_large"].startswith("no memory for the model: its weights need ")


def test_adapters_that_do_not_fit_are_refused(torch_report: Any) -> None:
    said = torch_report["misfits"]
    assert set(said) == {"other-shape", "other-names", "no-such-layer"}
    for name, text in said.items():
        assert text.startswith(f"adapter {name} does not fit the model: ")
        assert "\n" not in text


def test_wrong_options_are_refused(tiny: Path) -> None:
    arguments = ("--model", f"{tiny}/model")
    assert "below --max-total-tokens 4096" in failure(*arguments, "--max-input-tokens", "4096")
    assert "must be above 0" in failure(*arguments, "--max-concurrent-requests", "0")
    assert "API_KEY is set but empty" in failure(*arguments, api_key="")


def test_limits_above_the_model_s_context_are_refused(tiny: Path, tmp_path: Path) -> None:
    model = copy(tiny, tmp_path)
    said = failure("--model", str(model), "--max-total-tokens", "32769")
    assert f"--max-total-tokens 32769 is above 32768, the tokens that {model} has" in said
    rewrite(model / "config.json", max_position_embeddings=None, n_positions=1024)
    assert "--max-total-tokens 4096 is above 1024" in failure("--model", str(model))


def test_help_needs_no_torch() -> None:
    code = "import sys, runpy\ntry:\n runpy.run_module('localtgi', run_name='__main__')\n"
    code += "finally:\n sys.stderr.write(str('torch' in sys.modules))"
    command = [sys.executable, "-c", code, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "--adapter NAME=DIR" in done.stdout and done.stderr == "False"
