"""start --server vllm: as a process in front of a stand-in, and the command line of Docker."""

import json
import os
import signal
from collections.abc import Iterator

import psutil
import pytest

from tests.fakes import vllm
from tests.gpu_server import GPUServer

pytestmark = pytest.mark.process
KEY = "sk-own-0123456789"


@pytest.fixture
def machine(server: GPUServer) -> Iterator[GPUServer]:
    """A machine with a model, its adapters, and vLLM in an environment of its own."""
    program = vllm.install(server.workspace.root / "vllm")
    server.workspace.env |= {"OPSCTL_VLLM": str(program), "OPSCTL_API_KEY": KEY}
    yield server
    server.workspace.run("stop")


def pid_of(machine: GPUServer) -> int:
    record = json.loads((machine.workspace.state / "run" / "server.json").read_text())
    return int(record["pid"])


def test_start_ask_verify_status_stop(machine: GPUServer) -> None:
    workspace = machine.workspace
    started = workspace.run("start", "--server", "vllm")
    assert started.returncode == 0, started
    for said in ("starting vLLM", "loading the model", "the adapter hackatone is applied"):
        assert said in started.stderr
    whole = workspace.json("status", code=None)
    found = whole["server"]
    assert (found["kind"], found["name"], found["state"]) == ("vllm", "vLLM", "ready")
    assert found["max_total_tokens"] == 4096
    assert whole["adapter"]["state"] == "applied"
    steps = {step["name"]: step for step in workspace.json("verify")["steps"]}
    assert {step["result"] for step in steps.values()} == {"ok"}
    assert steps["control"]["detail"] == "an unknown adapter is refused"
    assert "already running" in workspace.run("start", "--server", "vllm").stderr
    pid = pid_of(machine)
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    assert KEY not in " ".join(word for one in family for word in one.cmdline())
    assert "stopped" in workspace.run("stop").stderr
    assert not [one for one in family if one.is_running() and one.status() != "zombie"]


def test_an_answer_is_written_by_the_adapter(machine: GPUServer) -> None:
    workspace = machine.workspace
    workspace.write("note1.txt", "Складом Зюйд1 заведует Иванов, ключ у него.")
    workspace.reindex()
    workspace.run("start", "--server", "vllm")
    reply = workspace.answer("Кто заведует складом Зюйд1?")
    assert (reply["engine"], reply["model"]) == ("server", "hackatone")


@pytest.mark.parametrize(
    ("play", "said"),
    [
        ("ignores", "answers as the base model: hackatone changes nothing"),
        ("drops", "the adapter is dropped after the first token"),
        ("load", "did not start: vLLM did not start: safetensors"),
        ("adapter-rank", "did not start: an adapter has rank 32"),
        ("quantization", "did not start: vLLM cannot read how the model is quantised"),
    ],
)
def test_a_start_that_fails_says_why(machine: GPUServer, play: str, said: str) -> None:
    done = machine.workspace.run("start", "--server", "vllm", env={"VLLM_PLAY": play})
    assert done.returncode == 1 and said in done.stderr.rpartition("error: ")[2]


def test_an_engine_that_was_killed_is_told_and_leaves_nothing(machine: GPUServer) -> None:
    workspace = machine.workspace
    workspace.run("start", "--server", "vllm")
    process = psutil.Process(pid_of(machine))
    (engine,) = process.children()
    os.kill(process.pid, signal.SIGKILL)
    found = workspace.json("status", code=3)["server"]
    assert found["state"] == "exited" and found["reason"]
    workspace.run("stop")
    assert not engine.is_running() or engine.status() == "zombie"


def test_a_server_that_is_silent_hangs_or_finishes_its_answers(machine: GPUServer) -> None:
    workspace = machine.workspace
    workspace.run("start", "--server", "vllm")
    process = pid_of(machine)
    os.kill(process, signal.SIGSTOP)
    try:
        found = workspace.json("status", code=3)["server"]
        assert (found["state"], "it hangs" in found["reason"]) == ("unhealthy", True)
        (told,) = [line for line in vllm.STOPPED if "API server: shutdown triggered" in line]
        with (workspace.state / "logs" / "server.log").open("a") as log:
            log.write(f"{told}\n")
        found = workspace.json("status", code=3)["server"]
    finally:
        os.kill(process, signal.SIGCONT)
    assert (found["state"], "finishes its answers" in found["reason"]) == ("stopping", True)


def test_a_wrong_key_is_told_by_start_and_status(machine: GPUServer) -> None:
    workspace = machine.workspace
    workspace.run("start", "--server", "vllm")
    found = workspace.json("status", env={"OPSCTL_API_KEY": "sk-wrong-0123456"}, code=3)
    assert "did not accept the API key" in found["server"]["reason"]


def test_what_vllm_would_refuse_is_refused_before_a_start(machine: GPUServer) -> None:
    workspace = machine.workspace
    newer = vllm.install(workspace.root / "newer", "0.32.0")
    env = {"OPSCTL_VLLM": str(newer)}
    told = workspace.fails(1, "start", "--server", "vllm", env=env)
    assert "vLLM 0.32.0 does not load" in told and "act order" in told and "pin vLLM 0.29.0" in told
    (check,) = (c for c in workspace.json("doctor", env=env, code=None) if c["name"] == "vllm")
    assert check["result"] == "failed" and "act order" in check["detail"]
    (check,) = (c for c in workspace.json("doctor", code=None) if c["name"] == "vllm")
    assert check["result"] == "ok" and "vLLM 0.29.0" in check["detail"]


def test_doctor_knows_it_before_the_model_is_downloaded(machine: GPUServer) -> None:
    workspace = machine.workspace
    newer = vllm.install(workspace.root / "newer", "0.30.0")
    env = {"OPSCTL_VLLM": str(newer), "OPSCTL_STATE": str(workspace.root / "empty")}
    (check,) = (c for c in workspace.json("doctor", env=env, code=None) if c["name"] == "vllm")
    assert check["result"] == "failed" and "does not load TheBloke" in check["detail"]


def test_an_adapter_for_another_model_is_refused_before_a_start(machine: GPUServer) -> None:
    """vLLM itself loads one, and says nothing."""
    config = next(machine.workspace.state.glob("models/TheBloke*/config.json"))
    changed = json.loads(config.read_text()) | {"hidden_size": 8192}
    config.write_text(json.dumps(changed))
    told = machine.workspace.fails(1, "start", "--server", "vllm")
    assert "does not fit" in told


def test_a_program_that_is_not_there_is_told_with_what_installs_it(machine: GPUServer) -> None:
    env = {"OPSCTL_VLLM": "/nowhere/vllm"}
    told = machine.workspace.fails(1, "start", "--server", "vllm", env=env)
    assert "there is no program /nowhere/vllm" in told and "pip install vllm==0.29.0" in told


def test_dry_run_prints_the_command_line_of_either_way(server: GPUServer) -> None:
    workspace = server.workspace
    program = vllm.install(workspace.root / "vllm")
    env = {"OPSCTL_VLLM": str(program), "OPSCTL_API_KEY": KEY}
    line = workspace.run("start", "--server", "vllm", "--dry-run", env=env).stdout
    assert line.startswith(f"{program} serve {workspace.state}/models/TheBloke")
    wanted = (
        "--max-model-len 4096", "--gpu-memory-utilization 0.9", "--enable-prefix-caching",
        "--enable-lora --max-loras 2 --max-lora-rank 8", "--lora-modules hackatone=", " zero=",
    )  # fmt: skip
    assert all(words in line for words in wanted) and KEY not in line
    line = workspace.run("start", "--server", "vllm", "--dry-run").stdout
    assert line.startswith("docker run --detach --init --name opsctl-tgi")
    assert " vllm/vllm-openai:v0.29.0 /data/models/TheBloke" in line
    assert "hackatone=/data/adapters/" in line and all(words in line for words in wanted)
    line = workspace.run(
        "start", "--server", "vllm", "--dry-run", env={"OPSCTL_API_KEY": KEY}
    ).stdout
    assert "--env VLLM_API_KEY" in line and KEY not in line


def test_verify_proves_the_adapter_of_a_server_that_others_start(machine: GPUServer) -> None:
    workspace = machine.workspace
    workspace.run("start", "--server", "vllm")
    env = {"OPSCTL_SERVER_API": "openai", "OPSCTL_SERVER_MODEL": "hackatone"}
    assert workspace.json("verify", env=env)["applied"]
    told = workspace.fails(1, "verify", env=env | {"OPSCTL_SERVER_MODEL": "nobody"})
    assert "no such model" in told
    base = next(workspace.state.glob("models/TheBloke*")).name
    told = workspace.fails(2, "verify", env=env | {"OPSCTL_SERVER_MODEL": base})
    assert "is a model, not an adapter of one" in told and "hackatone, zero" in told


def test_vram_reckons_for_vllm(server: GPUServer) -> None:
    found = server.workspace.json("vram", "--server", "vllm")
    (gpu,) = found["gpus"]
    model = gpu["model"]
    assert found["server"] == "vllm" and model["fits"]
    assert model["needed"] == sum(model["parts"].values())
    assert "vLLM 0.29" in gpu["verdict"]["sentence"]
    usable = gpu["used"] + gpu["free"]
    assert model["needed"] == pytest.approx(0.9 * usable, rel=0.03)
    server.gpu_memory(used=8000)  # of others: TGI would do with less, vLLM takes its share
    (gpu,) = server.workspace.json("vram", "--server", "vllm")["gpus"]
    assert not gpu["model"]["fits"]
    (gpu,) = server.workspace.json("vram")["gpus"]
    assert gpu["model"]["fits"]
    server.workspace.fails(2, "vram", "--server", "nothing")
