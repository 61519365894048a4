"""The server, the adapter and the queue in opsctl status."""

import json
import os
import re
import signal
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.fakes.tgi_process import tgi_process
from tests.gpu_server import GPUServer, free_port
from tests.workspace import Workspace, note, question


def indexed(server: GPUServer) -> Workspace:
    server.workspace.write("note1.txt", note(1))
    server.workspace.reindex()
    return server.workspace


def test_a_server_that_runs_is_shown_with_model_limits_queue_and_proof(server: GPUServer) -> None:
    workspace = indexed(server)
    assert workspace.run("start").returncode == 0
    found = workspace.json("status")
    assert found["server"]["state"] == "ready"
    assert found["server"]["kind"] == "docker"
    assert found["server"]["model_id"].endswith("Mistral-7B-Instruct-v0.2-GPTQ")
    assert found["server"]["max_input_tokens"] == 3072
    assert found["server"]["queue"] == {"waiting": 0, "running": 0}
    assert (found["adapter"]["name"], found["adapter"]["state"]) == ("hackatone", "applied")
    shown = workspace.run("status").stdout
    assert "server: ready, TGI" in shown
    assert "adapter: hackatone applied" in shown


def test_a_proof_of_an_earlier_container_does_not_count(server: GPUServer) -> None:
    workspace = indexed(server)
    assert workspace.run("start").returncode == 0
    proof = workspace.state / "run" / "proof.json"
    old = proof.read_text()
    assert workspace.run("restart").returncode == 0
    proof.write_text(old)
    assert workspace.json("status")["adapter"]["state"] == "unproven"
    assert workspace.run("verify").returncode == 0
    assert workspace.json("status")["adapter"]["state"] == "applied"


def test_status_proves_the_adapter_again_after_docker_started_the_container_again(
    server: GPUServer,
) -> None:
    workspace = indexed(server)
    assert workspace.run("start").returncode == 0
    before = workspace.json("status")["adapter"]
    os.kill(server.container()["Server"], signal.SIGKILL)
    server.until_restarted(1)
    while (found := workspace.json("status", code=None))["server"]["state"] != "ready":
        assert found["server"]["state"] == "starting"
    assert found["adapter"]["state"] == "applied"
    assert found["adapter"]["at"] > before["at"]
    assert workspace.json("status")["adapter"] == found["adapter"], "it is proven once a run"


def test_a_server_that_died_is_exit_3_and_names_its_log(server: GPUServer) -> None:
    workspace = indexed(server)
    server.docker(log="gptq_lora", exit_code=1)
    assert workspace.run("start").returncode == 1
    done = workspace.run("status")
    assert done.returncode == 3
    assert "server: exited" in done.stdout
    assert "cannot load" in done.stdout, "the cause is told"
    assert "hint: opsctl doctor says where tgi_shim is missing" in done.stderr
    assert "Shard 0 failed to start" in workspace.run("logs").stdout


def test_a_server_that_is_sick_is_exit_3(server: GPUServer) -> None:
    workspace = indexed(server)
    assert workspace.run("start").returncode == 0
    url = workspace.env["OPSCTL_SERVER_URL"]
    urllib.request.urlopen(f"{url}/_control", b'{"healthy": false}').close()
    assert workspace.json("status", code=3)["server"]["state"] == "unhealthy"


def test_a_server_that_opsctl_did_not_start_is_shown_too(indexed: Workspace) -> None:
    with tgi_process() as process:
        env = {"OPSCTL_SERVER_URL": process.url}
        found = indexed.json("status", env=env)["server"]
    assert (found["state"], "kind" in found) == ("ready", False)
    assert indexed.json("status", env=env | {"OPSCTL_ENGINE": "server"}, code=3)


def test_a_container_that_docker_starts_over_and_over_is_down(server: GPUServer) -> None:
    workspace = indexed(server)
    assert workspace.run("start").returncode == 0
    container = server.world / "container.json"
    made = json.loads(container.read_text())
    workspace.run("stop")
    made["State"] |= {"Status": "restarting", "ExitCode": 1}
    container.write_text(json.dumps({**made, "RestartCount": 7}))
    write_record(workspace, wanted="docker")
    done = workspace.run("status")
    assert done.returncode == 3
    assert "server: exited, TGI" in done.stdout
    assert "started again 7 times" in done.stdout
    container.unlink()


def test_a_slow_crash_loop_is_told_with_the_cause_of_the_run_before(server: GPUServer) -> None:
    """A life takes half a minute, in which Docker says that it runs."""
    workspace = indexed(server)
    assert workspace.run("start").returncode == 0
    server.docker(log="load", exit_code=1, line_seconds=0.2)
    os.kill(server.container()["Server"], signal.SIGKILL)
    server.until_restarted(3)  # the log may be a moment behind
    found = workspace.json("status", code=3)["server"]
    assert (found["state"], found["restarts"] >= 3) == ("starting", True)
    assert found["reason"].startswith("the run before this one failed: TGI could not load the m")
    assert found["fix"].startswith("opsctl download --verify")
    done = workspace.run("start")
    assert done.returncode == 1
    assert "it ended by itself and was started again" in done.stderr
    assert "error: the model server did not start: TGI could not load the model: Saf" in done.stderr


def test_a_server_that_finishes_its_answers_is_stopping(server: GPUServer) -> None:
    workspace = indexed(server)
    server.docker(log="draining", tgi=("--ready-after", "600"))
    told = workspace.fails(1, "start")
    assert "the model server runs, but it was told to stop: it finishes its answers" in told
    done = workspace.run("status")
    assert done.returncode == 3
    assert "server: stopping, TGI" in done.stdout
    assert "takes no new question" in done.stdout
    assert "hint: opsctl restart" in done.stderr


def test_a_server_that_hangs_is_unhealthy_and_not_starting(server: GPUServer) -> None:
    workspace = indexed(server)
    assert workspace.run("start").returncode == 0
    frozen = server.container()["Server"]
    os.kill(frozen, signal.SIGSTOP)
    try:
        done = workspace.run("status")
    finally:
        os.kill(frozen, signal.SIGCONT)
    assert done.returncode == 3
    assert "server: unhealthy, TGI" in done.stdout
    assert "it takes connections and answers nothing: it hangs" in done.stdout
    assert "adapter: hackatone applied, as was proven" in done.stdout
    assert "hint: opsctl restart" in done.stderr


def test_without_a_docker_engine_status_still_tells_all_it_knows(server: GPUServer) -> None:
    workspace = indexed(server)
    assert workspace.run("start").returncode == 0
    server.docker(engine="down")
    found = workspace.json("status", code=None)
    assert found["index"]["state"] == "ready"
    assert found["server"]["state"] == "ready", "it answers all the while"
    assert "engine is not running" in found["server"]["reason"]


def test_something_else_at_the_address_is_no_model_server(indexed: Workspace) -> None:
    class Web(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Web) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        env = {"OPSCTL_SERVER_URL": f"http://127.0.0.1:{web.server_address[1]}"}
        assert indexed.json("status", env=env, code=3)["server"]["state"] == "foreign"
        web.shutdown()


def test_an_address_that_was_set_and_is_silent_is_exit_3(indexed: Workspace) -> None:
    env = {"OPSCTL_SERVER_URL": "http://127.0.0.1:9"}
    assert indexed.json("status", env=env, code=3)["server"]["state"] == "unreachable"


def test_a_damaged_record_stops_nothing(server: GPUServer) -> None:
    workspace = indexed(server)
    assert workspace.run("start").returncode == 0
    for text in ("{", '{"wanted": 5}', '{"wanted": "local", "pid": "x"}'):
        (workspace.state / "run" / "server.json").write_text(text)
        assert workspace.json("status")["server"]["state"] == "ready"
    assert workspace.run("start").returncode == 0
    assert workspace.json("status")["server"]["kind"] == "docker"
    assert len(server.calls("run")) == 1


def write_record(workspace: Workspace, wanted: str) -> None:
    (workspace.state / "run" / "server.json").write_text(json.dumps({"wanted": wanted}))


@pytest.mark.parametrize(
    "command",
    [
        ("status",),
        ("start",),
        ("start", "--server", "none"),
        ("doctor",),
        ("ask", "--engine", "server", question(1)),
    ],
)
def test_advice_on_a_server_that_nobody_started_does_not_go_round_in_circles(
    workspace: Workspace, command: tuple[str, ...]
) -> None:
    workspace.write("note1.txt", note(1))
    workspace.reindex()
    url = f"http://127.0.0.1:{free_port()}"
    workspace.env |= {"OPSCTL_SERVER_URL": url, "OPSCTL_ADAPTER": "hackatone"}
    workspace.env["OPSCTL_SERVER_API"] = "tgi"
    done = workspace.run(*command)
    lines = (done.stdout + done.stderr).splitlines()
    advice = [line for line in lines if "hint:" in line or "fix:" in line]
    assert "opsctl start" not in str(advice), "it would start none"
    assert "opsctl logs server" not in str(advice), "there is no log of it here"
    named = re.findall(r"opsctl (\w+)", str(advice))
    assert "start it where" in str(advice) or named == ["status"], done
    assert "opsctl verify" not in done.stdout
