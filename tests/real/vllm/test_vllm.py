"""make real-vllm: opsctl before a real vLLM 0.29 on a processor: start to stop, ten faults.

A start takes vLLM one to four minutes here; what opsctl refuses by itself takes a second.
"""

import asyncio
import socket
import time

import psutil
import pytest

from assistant.server.protocols.completions import CompletionClient
from tests.fakes.vllm import install
from tests.real.vllm.conftest import KEY, Machine, kill_engine
from tests.real.vllm.reference import PROMPTS, TOKENS

pytestmark = pytest.mark.process
MINUTES = ("--timeout", "10")
START = ("start", "--server", "vllm", *MINUTES)
STOPPING = 60  # seconds


def test_from_start_to_stop(machine: Machine) -> None:
    workspace = machine.workspace
    machine.said("reindex")
    assert "vLLM 0.29.0+cpu at" in workspace.run("doctor").stdout
    assert "the adapter loud is applied" in machine.said(*START)
    assert "loud applied, as was proven" in machine.said("status")
    assert "an unknown adapter is refused" in machine.said("verify")
    assert "[модель loud]" in machine.said("ask", "Кто заведует складом Зюйд1?")
    pid = machine.record()["pid"]
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    assert KEY not in " ".join(word for one in family for word in one.cmdline())
    assert same_tokens(machine) == 2 * len(PROMPTS) * TOKENS
    told = workspace.fails(1, "verify", env={"OPSCTL_API_KEY": "sk-wrong-0123456"})
    assert "did not accept the API key" in told
    env = {"OPSCTL_SERVER_API": "openai", "OPSCTL_SERVER_MODEL": "nobody"}
    assert "no such model" in workspace.fails(1, "verify", env=env)
    began = time.monotonic()
    machine.said("stop")
    assert time.monotonic() - began < STOPPING
    assert not [one for one in family if one.is_running() and one.status() != "zombie"]


def same_tokens(machine: Machine) -> int:
    """How many tokens are those that transformers and peft write."""

    async def main() -> int:
        url = machine.workspace.env["OPSCTL_SERVER_URL"]
        found = 0
        async with CompletionClient(url, "loud", KEY) as client:
            for name, rows in machine.tokens.items():
                for prompt, ids in zip(PROMPTS, rows, strict=True):
                    adapter = name or "zero"
                    made = await client.generate(prompt, adapter=adapter, max_new_tokens=TOKENS)
                    pairs = zip(ids, (token.id for token in made.tokens), strict=True)
                    found += sum(one == other for one, other in pairs)
        return found

    return asyncio.run(main())


def test_what_opsctl_refuses_before_vllm_is_started(machine: Machine) -> None:
    workspace = machine.workspace
    newer = install(workspace.root / "newer", "0.32.0")
    told = workspace.fails(1, *START, env={"OPSCTL_VLLM": str(newer)})
    assert "vLLM 0.32.0 does not load model-gptq" in told
    machine.declare(adapters=("narrow", "zero"))
    assert "does not fit" in workspace.fails(1, *START)
    machine.declare(adapters=("thick", "zero"))
    assert "rank 600, and vLLM takes 512" in workspace.fails(1, *START)
    machine.declare(adapters=("nowhere", "zero"))
    assert "adapter nowhere is not at" in workspace.fails(1, *START)
    machine.declare(model="nowhere")
    assert "there is no model at" in workspace.fails(1, *START)
    machine.declare()
    with socket.create_server(("127.0.0.1", int(workspace.env["OPSCTL_SERVER_URL"][-5:]))):
        assert "taken" in workspace.fails(1, *START)
    config = machine.tiny / "model-gptq" / "config.json"
    whole = config.read_text()
    config.write_text(whole[:300])
    assert "cannot be read as JSON" in workspace.fails(1, *START)
    config.write_text(whole)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("context", "the model takes 32768 at most"),
        ("quantization", "cannot read how the model is quantised"),
        ("weights", "SafetensorError"),
    ],
)
def test_what_vllm_itself_refuses_is_told(machine: Machine, fault: str, said: str) -> None:
    machine.declare(total=65536 if fault == "context" else 4096)
    name = {"quantization": "config.json", "weights": "model.safetensors"}.get(fault, "config.json")
    file = machine.tiny / "model-gptq" / name
    whole = file.read_bytes()
    if fault == "quantization":
        file.write_bytes(whole.replace(b'"gptq"', b'"foo4"'))
    if fault == "weights":
        file.write_bytes(whole[:100_000])
    try:
        done = machine.workspace.run(*START)
    finally:
        file.write_bytes(whole)
        machine.declare()
    assert done.returncode == 1 and said in done.stderr.rpartition("error: ")[2], done.stderr


def test_an_engine_that_is_killed_is_told(machine: Machine) -> None:
    machine.said(*START)
    kill_engine(machine.record()["pid"])
    deadline = time.monotonic() + STOPPING
    while (found := machine.workspace.json("status", code=None)["server"])["state"] == "ready":
        assert time.monotonic() < deadline
        time.sleep(1)
    assert "its engine was killed" in found["reason"] or "engine of the server" in found["reason"]
