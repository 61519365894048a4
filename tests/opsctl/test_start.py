"""start, stop and restart of TGI in Docker, which is a stand-in that serves a fake TGI."""

import json
import re
import shlex
import signal
import socket
import time
from pathlib import Path

import pytest

from tests.fakes import hub_files
from tests.fakes.hub_files import HIDDEN, LAYERS
from tests.gpu_server import GPUServer
from tests.workspace import Workspace, note, question


def test_start_brings_the_server_up_and_ask_streams_from_it(server: GPUServer) -> None:
    workspace = server.workspace
    workspace.write("note1.txt", note(1))
    workspace.reindex()
    started = workspace.run("start")
    assert started.returncode == 0, started
    told = started.stderr
    phases = ["loading the model", "loading the adapters", "warming up", "ready after"]
    assert [told.index(phase) for phase in phases] == sorted(map(told.index, phases))
    assert "room for 375168 tokens" in told
    assert "hackatone is applied" in told
    reply = workspace.answer(question(1))
    assert (reply["engine"], reply["model"], reply["cut"]) == ("server", "hackatone", False)
    assert reply["citations"][0]["file"] == "note1.txt"


def test_start_twice_starts_once(server: GPUServer) -> None:
    for _ in range(2):
        assert server.workspace.run("start").returncode == 0
    assert len(server.calls("run")) == 1


def test_the_command_line_is_whole_and_dry_run_prints_it(server: GPUServer) -> None:
    shown = server.workspace.run("start", "--dry-run")
    assert server.calls("run") == []
    argv = shlex.split(shown.stdout)
    assert server.workspace.run("start").returncode == 0
    assert server.calls("run") == [argv[1:]]
    state = server.workspace.state
    assert argv[-1] == "ghcr.io/huggingface/text-generation-inference:3.3.7"
    assert argv[argv.index("--publish") + 1] == f"127.0.0.1:{server.port}:80"
    mounts = [argv[place + 1] for place, word in enumerate(argv) if word == "--mount"]
    assert mounts == [
        f"type=bind,source={source},target={target},readonly"
        for source, target in (
            (state / "models", "/data/models"),
            (state / "adapters", "/data/adapters"),
            (server.tgi_env.parent / "tgi_shim", "/opt/opsctl/tgi_shim"),
        )
    ]
    assert "PYTHONPATH=/opt/opsctl/tgi_shim" in argv
    assert argv[argv.index("--env-file") + 1] == str(server.tgi_env)


def test_the_container_gets_each_variable_once_whatever_the_local_file_says(
    server: GPUServer,
) -> None:
    local = server.tgi_env.with_name("tgi.local.env")
    local.write_text("# of this machine\nMAX_INPUT_TOKENS=2048\n")
    assert server.workspace.run("start").returncode == 0
    [argv] = server.calls("run")
    rows = Path(argv[argv.index("--env-file") + 1]).read_text().splitlines()
    given = dict(row.split("=", 1) for row in rows)
    assert len(given) == len(rows)
    assert (given["MAX_INPUT_TOKENS"], given["NUM_SHARD"]) == ("2048", "1")
    assert server.workspace.run("start").returncode == 0
    assert len(server.calls("run")) == 1
    local.unlink()
    assert "settings have changed" in server.workspace.run("start").stderr


def test_a_server_with_other_limits_is_told_with_the_line_of_the_file(server: GPUServer) -> None:
    local = server.tgi_env.with_name("tgi.local.env")
    local.write_text("# of this machine\nMAX_INPUT_TOKENS=2048\n")
    server.docker(tgi=["--max-input", "1024", "--max-total", "1025"])
    told = server.workspace.run("start").stderr
    assert f"warning: max_input_tokens is 1024, and 2048 in {local}, line 2\n" in told
    assert f"warning: max_total_tokens is 1025, and 4096 in {server.tgi_env}, line" in told


def test_it_comes_back_by_itself_only_once_it_worked(server: GPUServer) -> None:
    server.docker(log="gptq_lora", exit_code=1)
    assert server.workspace.run("start").returncode == 1
    assert server.calls("update") == []
    server.docker()
    assert server.workspace.run("start").returncode == 0
    [call] = server.calls("update")
    assert "unless-stopped" in call


@pytest.mark.parametrize("change", ["tgi.env", "shim", "image"])
def test_a_container_of_other_settings_is_replaced(server: GPUServer, change: str) -> None:
    workspace = server.workspace
    assert workspace.run("start").returncode == 0
    env = {}
    if change == "tgi.env":
        text = server.tgi_env.read_text()
        server.tgi_env.write_text(text.replace("MAX_INPUT_TOKENS=3072", "MAX_INPUT_TOKENS=2048"))
    elif change == "shim":
        shim = server.tgi_env.parent / "tgi_shim" / "sitecustomize.py"
        shim.write_text(shim.read_text() + "\n")
    else:
        env = {"OPSCTL_IMAGE": "ghcr.io/huggingface/text-generation-inference:3.3.6"}
    stale = workspace.json("status", env=env, code=None)
    assert stale["server"]["stale"]
    again = workspace.run("start", env=env)
    assert again.returncode == 0, again
    assert "settings have changed" in again.stderr
    assert len(server.calls("run")) == 2
    assert not workspace.json("status", env=env, code=None)["server"]["stale"]


def test_a_comment_in_tgi_env_changes_nothing(server: GPUServer) -> None:
    assert server.workspace.run("start").returncode == 0
    server.tgi_env.write_text("# a remark\n" + server.tgi_env.read_text())
    assert server.workspace.run("start").returncode == 0
    assert len(server.calls("run")) == 1


@pytest.mark.parametrize(
    ("log", "code", "cause", "hint"),
    [
        ("gptq_lora", 1, "adapter", "tgi_shim"),
        ("prefill_memory", 1, "memory", "MAX_BATCH_PREFILL_TOKENS"),
        ("arguments", 2, "invalid value", "doctor"),
        ("port", 1, "port", ""),
    ],
)
def test_a_start_that_fails_says_why_and_what_helps(
    server: GPUServer, log: str, code: int, cause: str, hint: str
) -> None:
    server.docker(log=log, exit_code=code)
    told = server.workspace.fails(1, "start")
    assert told.startswith("error: the model server did not start: ")
    assert cause in told.splitlines()[0]
    assert hint in told.splitlines()[-1]


def test_a_container_killed_for_memory_is_told_as_that(server: GPUServer) -> None:
    server.docker(log="loading", exit_code=137, out_of_memory=True)
    assert "memory" in server.workspace.fails(1, "start").splitlines()[0]


def test_a_server_that_ignores_the_adapter_is_refused(server: GPUServer) -> None:
    text = server.tgi_env.read_text()
    server.tgi_env.write_text(text.replace("hackatone=/data", "other=/data"))
    told = server.workspace.fails(1, "start", env={"OPSCTL_ADAPTER": "hackatone"})
    assert "answers as the base model: hackatone changes nothing; so it was stopped" in told


def test_a_server_that_drops_the_adapter_after_the_first_token_is_refused(
    server: GPUServer,
) -> None:
    server.docker(tgi=("--drop-adapter-after-first-token",))
    done = server.workspace.run("start")
    assert done.returncode == 1
    assert "dropped after the first token" in done.stderr
    assert "  | LoRA adapters incompatible with CUDA Graphs." in done.stderr
    assert "error" in done.stderr and "so it was stopped" in done.stderr
    assert server.workspace.json("status", code=3)["server"]["state"] == "stopped"


@pytest.mark.parametrize(("layers", "hidden"), [(1, HIDDEN), (4, HIDDEN), (LAYERS, HIDDEN // 2)])
def test_an_adapter_of_another_model_is_told_before_the_start(
    server: GPUServer, layers: int, hidden: int
) -> None:
    """TGI drops what does not fit, or pads it, without a word."""
    folder = server.adapter_folder()
    for name, content in hub_files.adapter(layers=layers, hidden=hidden).items():
        (folder / name).write_bytes(content)
    told = server.workspace.fails(1, "start")
    assert f"the adapter file {folder / 'adapter_model.safetensors'} does not fit: " in told
    assert server.calls("run") == []
    shown = server.workspace.run("doctor").stdout
    assert any("adapter" in line and "does not fit" in line for line in shown.splitlines())


def test_verify_tells_an_adapter_of_another_model(server: GPUServer) -> None:
    assert server.workspace.run("start").returncode == 0
    for name, content in hub_files.adapter(layers=LAYERS + 2).items():
        (server.adapter_folder() / name).write_bytes(content)
    done = server.workspace.run("verify")
    assert done.returncode == 1
    assert "does not fit: the server would drop 4 tensors" in done.stdout


def test_weights_that_are_cut_short_are_told_before_the_start(server: GPUServer) -> None:
    [weights] = (server.workspace.state / "models").glob("*Mistral*/model.safetensors")
    with weights.open("r+b") as file:
        file.truncate(weights.stat().st_size - 1000)
    told = server.workspace.fails(1, "start")
    assert "model.safetensors is damaged: it is cut short" in told
    assert "hint: opsctl download --verify" in told
    assert server.calls("run") == []


def test_a_server_that_never_answers_is_given_up_after_the_timeout(server: GPUServer) -> None:
    server.docker(log="loading", tgi=("--ready-after", "600"))
    told = server.workspace.fails(1, "start", "--timeout", "0.02")
    assert "no answer from the model server after 0.02 min; it is still starting" in told
    assert "--timeout MINUTES" in told


def test_ctrl_c_while_it_starts_leaves_it_starting(server: GPUServer) -> None:
    server.docker(log="loading", tgi=("--ready-after", "600"))
    process = server.workspace.start("start", fresh=True)
    assert process.stderr
    heard = ""
    while "loading the model" not in heard:
        heard += process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate()
    assert process.returncode == 130
    assert "it is still starting" in rest
    assert server.workspace.json("status", code=3)["server"]["state"] == "starting"


@pytest.mark.parametrize("wait", [0.0, 0.1, 0.3])
def test_ctrl_c_at_once_says_whether_a_server_runs(server: GPUServer, wait: float) -> None:
    server.docker(log="loading", tgi=("--ready-after", "600"))
    process = server.workspace.start("start", fresh=True)
    assert process.stderr
    while "starting TGI" not in process.stderr.readline():
        pass
    time.sleep(wait)
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate()
    assert process.returncode == 130
    found = json.loads(server.workspace.run("status", "--json").stdout)["server"]
    runs = found.get("state") == "starting"
    assert ("it is still starting" in rest, "no model server runs" in rest) == (runs, not runs)


@pytest.mark.parametrize(
    ("scenario", "sentence", "hint"),
    [
        ({"engine": "down"}, "engine is not running", "systemctl start docker"),
        ({"engine": "denied"}, "this user may not use it", "usermod"),
        ({"run_error": "could not select device driver"}, "the GPU: could not sel", "toolkit"),
        ({"run_error": "Bind: port is already allocated"}, "taken by another program", "OPSCTL_S"),
        ({"run_error": "no space left on device"}, "no space left on device", "docker system df"),
        ({"run_error": "nobody knows why"}, "not start: nobody knows why", "journalctl"),
        ({"engine": "podman"}, "is podman here", "https://docs.docker.com"),
    ],
)
def test_what_is_wrong_with_docker_is_told(
    server: GPUServer, scenario: dict[str, str], sentence: str, hint: str
) -> None:
    server.docker(**scenario)
    told = server.workspace.fails(1, "start", "--server", "docker")
    assert sentence in told
    assert hint in told


def test_a_run_that_failed_leaves_nothing_in_the_way_of_the_next(server: GPUServer) -> None:
    server.docker(run_error="could not select device driver")
    server.workspace.fails(1, "start")
    server.docker()
    done = server.workspace.run("start")
    assert done.returncode == 0, done
    assert "already running" not in done.stderr


@pytest.mark.parametrize("verb", ["start", "restart"])
def test_a_bad_edit_does_not_take_the_running_server_down(server: GPUServer, verb: str) -> None:
    workspace = server.workspace
    workspace.write("note1.txt", note(1))
    workspace.reindex()
    assert workspace.run("start").returncode == 0
    with server.tgi_env.open("a") as file:
        file.write("DTYPE=float16\n")
    assert "DTYPE" in workspace.fails(1, verb)
    assert workspace.answer(question(1))["engine"] == "server"


def test_a_quoted_value_elsewhere_does_not_cost_the_adapter(server: GPUServer) -> None:
    workspace = server.workspace
    workspace.write("note1.txt", note(1))
    workspace.reindex()
    assert workspace.run("start").returncode == 0
    with server.tgi_env.open("a") as file:
        file.write('CORS_ALLOW_ORIGIN="https://x"\n')
    assert workspace.answer(question(1))["model"] == "hackatone"


def test_two_starts_at_once_start_one_server(server: GPUServer) -> None:
    both = [server.workspace.start("start") for _ in range(2)]
    said = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert len(server.calls("run")) == 1


def test_a_server_that_is_stopped_while_it_starts_is_told_as_that(server: GPUServer) -> None:
    server.docker(log="loading", tgi=("--ready-after", "600"))
    process = server.workspace.start("start", fresh=True)
    assert process.stderr
    while "loading the model" not in process.stderr.readline():
        pass
    assert server.workspace.run("stop").stderr.endswith("stopped\n")
    _, rest = process.communicate()
    assert process.returncode == 1
    assert "stopped" in rest


def test_a_gpu_that_is_not_there_is_told(server: GPUServer) -> None:
    told = server.workspace.fails(1, "start", env={"OPSCTL_GPU": "3"})
    assert "there is no GPU 3" in told
    assert "device=1" in server.workspace.run("start", "--dry-run", env={"OPSCTL_GPU": "1"}).stdout


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:abc", "http://127.0.0.1:99999", "http://[::1", "http://u:pw@h:1"]
)
def test_a_bad_address_is_a_usage_error(workspace: Workspace, url: str) -> None:
    told = workspace.fails(2, "status", env={"OPSCTL_SERVER_URL": url})
    assert "OPSCTL_SERVER_URL" in told
    assert "pw" not in told


def test_what_is_missing_before_the_start_is_told(fresh_server: GPUServer) -> None:
    told = fresh_server.workspace.fails(1, "start")
    assert "there is no model at " in told
    assert "opsctl download" in told
    assert "/data/models" not in told
    assert fresh_server.calls("run") == []


def test_a_bad_line_of_tgi_env_is_told_before_docker_reads_it(server: GPUServer) -> None:
    server.tgi_env.write_text(server.tgi_env.read_text() + "REVISION=\n")
    told = server.workspace.fails(1, "start")
    assert "tgi.env" in told
    assert "REVISION" in told
    assert server.calls("run") == []


def test_a_full_gpu_is_told_before_the_start(server: GPUServer) -> None:
    server.gpu_memory(used=20_000)
    told = server.workspace.fails(1, "start")
    assert re.search(r"memory: 4\.5 GiB free, [\d.]+ GiB needed", told)
    assert server.calls("run") == []


def test_a_port_in_use_is_told_before_the_start(server: GPUServer) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", server.port))
        other.listen()
        told = server.workspace.fails(1, "start")
    assert f"port: {server.port} is taken" in told
    assert f"OPSCTL_SERVER_URL=http://127.0.0.1:{server.port + 1}" in told


def test_another_image_under_the_same_tag_is_refused(server: GPUServer) -> None:
    server.docker(image=False)
    assert server.workspace.run("start").returncode == 0
    assert len(server.calls("pull")) == 1
    assert server.workspace.run("stop").returncode == 0
    server.docker(digest="ghcr.io/huggingface/text-generation-inference@sha256:other")
    told = server.workspace.fails(1, "start")
    assert "is not the one that was fetched first" in told
    assert len(server.calls("run")) == 1


def test_the_key_is_in_no_argv_log_or_status(server: GPUServer) -> None:
    workspace = server.workspace
    workspace.env["OPSCTL_API_KEY"] = "not-for-the-log"  # the one that the recorded log prints
    workspace.write("note1.txt", note(1))
    workspace.reindex()
    shown = [workspace.run(*words) for words in (
        ("start", "--dry-run"), ("start",), ("status", "--json"), ("logs", "-n", "1000"),
        ("doctor", "--settings"), ("verify",), ("ask", question(1)),
    )]  # fmt: skip
    assert [done.returncode for done in shown] == [0] * len(shown), shown
    assert "not-for-the-log" not in "".join(done.stdout + done.stderr for done in shown)
    world = "".join(path.read_text() for path in server.world.glob("calls.jsonl"))
    assert "not-for-the-log" not in world
    [call] = [json.loads(line) for line in world.splitlines() if '"run"' in line]
    assert call["key"], "the key reaches the container through its environment"


def test_stop_stops_and_once_more_is_no_error(server: GPUServer) -> None:
    workspace = server.workspace
    assert workspace.run("start").returncode == 0
    first, second = workspace.run("stop"), workspace.run("stop")
    told = "stopping TGI: it has 75 s to finish its answers\nstopped\n"
    assert (first.returncode, first.stderr) == (0, told)
    assert (second.returncode, second.stderr) == (0, "nothing is running\n")
    assert workspace.json("status", code=3)["server"]["state"] == "stopped"


def test_stop_finds_a_container_that_the_state_folder_does_not_know(server: GPUServer) -> None:
    assert server.workspace.run("start").returncode == 0
    (server.workspace.state / "run" / "server.json").unlink()
    assert server.workspace.run("stop").stderr.endswith("stopped\n")


def test_restart_is_stop_and_start(server: GPUServer) -> None:
    assert server.workspace.run("start").returncode == 0
    again = server.workspace.run("restart")
    assert again.returncode == 0, again
    assert len(server.calls("run")) == 2


def test_without_gpu_and_model_start_says_who_answers(workspace: Workspace) -> None:
    done = workspace.run("start")
    assert done.returncode == 0, done
    assert "no model server is started" in done.stderr
    assert "answers are quotes from the documents" in done.stderr


def test_bad_flags_are_usage_errors(server: GPUServer) -> None:
    assert "choose one of" in server.workspace.fails(2, "start", "--server", "podman")
    assert "--server local" in server.workspace.fails(2, "start", "--model", "x")
    told = server.workspace.fails(2, "start", "--model", "x.gguf")
    assert "hint: opsctl start --server llamacpp --model x.gguf" in told


@pytest.mark.parametrize("kind", ["vllm", "local"])
def test_a_gguf_file_is_said_to_be_for_llama_cpp(server: GPUServer, kind: str) -> None:
    told = server.workspace.fails(1, "start", "--server", kind, "--model", "x.gguf")
    assert "x.gguf is a GGUF file, which llama.cpp serves" in told
    assert "hint: opsctl start --server llamacpp --model x.gguf" in told
    elsewhere = {"OPSCTL_SERVER_URL": "http://10.0.0.5:8080"}
    told = server.workspace.fails(2, "start", "--server", "docker", env=elsewhere)
    assert "not a server of this machine" in told
