"""opsctl logs: readable lines of the server's log, without secrets."""

import re
import time

import pytest

from tests.gpu_server import GPUServer, free_port
from tests.terminal import CTRL_C, on_a_terminal
from tests.workspace import Workspace


@pytest.fixture
def running(server: GPUServer) -> GPUServer:
    assert server.workspace.run("start").returncode == 0
    return server


def test_lines_are_readable_and_the_last_ones_are_shown(running: GPUServer) -> None:
    done = running.workspace.run("logs", "-n", "2")
    assert done.returncode == 0
    for line in done.stdout.splitlines():
        assert re.fullmatch(r"\d\d:\d\d:\d\d INFO Success in 30.9 ms by zero", line)
    assert len(done.stdout.splitlines()) == 2


def test_the_log_of_a_failed_load_is_readable_and_counted_in_entries(server: GPUServer) -> None:
    """Its traceback is 72 KB of box in one message, which Docker keeps in pieces."""
    server.docker(log="no_tokenizer", exit_code=1)
    assert server.workspace.run("start").returncode == 1
    shown = server.workspace.run("logs", "-n", "4").stdout.splitlines()
    starts = [line for line in shown if re.match(r"\d\d:\d\d:\d\d ", line)]
    assert [line[9:] for line in starts] == [
        "ERROR Shard complete standard error output:",
        "ERROR Shard 0 failed to start",
        "INFO Shutting down shards",
        "Error: ShardCannotStart",
    ]
    assert "    (770 lines of traceback left out)" in shown
    assert any(line.startswith("  ValueError: Converting from SentencePiece") for line in shown)
    assert not any("│" in line or "\\n" in line for line in shown)
    assert max(map(len, shown)) < 3000


def test_a_key_that_tgi_prints_is_masked(running: GPUServer) -> None:
    shown = running.workspace.run("logs", "-n", "1000").stdout
    assert "api_key: Some(" in shown
    assert "not-for-the-log" not in shown


def test_since_leaves_out_what_is_older(running: GPUServer) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1))
    assert running.workspace.run("logs", "--since", now).stdout == ""
    part = running.workspace.run("logs", "--since", "1h").stdout
    assert part.splitlines()[-1].endswith("Success in 30.9 ms by zero")


def test_follow_goes_on_until_the_server_stops(running: GPUServer) -> None:
    process = running.workspace.start("logs", "-f", "-n", "1", fresh=True)
    assert process.stdout
    assert process.stdout.readline().endswith("by zero\n")
    assert running.workspace.run("stop").returncode == 0
    _, told = process.communicate()
    assert (process.returncode, "the log ends here" in told) == (0, True)


def test_ctrl_c_ends_a_followed_log_without_a_word_about_the_server(running: GPUServer) -> None:
    seen = on_a_terminal(
        running.workspace, "logs", "-f", "-n", "1",
        typing=lambda shown: CTRL_C if shown.endswith("by zero\r\n") else "",
    )  # fmt: skip
    assert seen.returncode == 130
    assert seen.stdout.rstrip().removesuffix("^C").rstrip().endswith("by zero")


def test_bad_arguments_are_usage_errors(workspace: Workspace) -> None:
    assert "10m" in workspace.fails(2, "logs", "--since", "yesterday")
    assert "opsctl logs server" in workspace.fails(2, "logs", "kernel")


def test_without_a_server_there_is_no_log(server: GPUServer) -> None:
    assert "hint: opsctl start" in server.workspace.fails(3, "logs").splitlines()


ADAPTER = {"OPSCTL_ADAPTER": "real"}
ELSEWHERE = {"OPSCTL_SERVER_URL": "http://127.0.0.2:1"}


@pytest.mark.parametrize(("command", "env"), [("logs", {}), ("verify", ADAPTER)])
def test_a_server_that_start_would_not_bring_is_not_promised(
    workspace: Workspace, command: str, env: dict[str, str]
) -> None:
    free = {"OPSCTL_SERVER_URL": f"http://127.0.0.1:{free_port()}"}
    told = workspace.fails(3, command, env=env | free)
    assert "no model server runs here, nor would start (" in told
    assert "opsctl download, opsctl start --server local" in told
    told = workspace.fails(3, command, env=env | ELSEWHERE)
    assert f"others start {ELSEWHERE['OPSCTL_SERVER_URL']}" in told
    assert "opsctl start" not in told
