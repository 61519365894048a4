"""The server, the adapter and the queue in opsctl status."""

import urllib.request

from tests.fakes.tgi_process import tgi_process
from tests.gpu_server import GPUServer
from tests.workspace import Workspace, note


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


def test_a_server_that_died_is_exit_3_and_names_its_log(server: GPUServer) -> None:
    workspace = indexed(server)
    server.docker(log="gptq_lora", exit_code=1)
    assert workspace.run("start").returncode == 1
    done = workspace.run("status")
    assert done.returncode == 3
    assert "server: exited" in done.stdout
    assert "hint: opsctl logs server" in done.stderr
    assert "Shard 0 failed to start" in workspace.run("logs").stdout


def test_a_server_that_is_sick_is_exit_3(server: GPUServer) -> None:
    workspace = indexed(server)
    assert workspace.run("start").returncode == 0
    url = workspace.env["OPSCTL_SERVER_URL"]
    urllib.request.urlopen(f"{url}/_control", b'{"healthy": false}').close()
    assert workspace.json("status", code=3)["server"]["state"] != "ready"


def test_a_server_that_opsctl_did_not_start_is_shown_too(indexed: Workspace) -> None:
    with tgi_process() as process:
        env = {"OPSCTL_SERVER_URL": process.url}
        found = indexed.json("status", env=env)["server"]
    assert (found["state"], "kind" in found) == ("ready", False)
    assert indexed.json("status", env=env | {"OPSCTL_ENGINE": "server"}, code=3)
