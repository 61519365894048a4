"""opsctl vram: the arithmetic beside published figures, and the command with and without GPUs."""

import json
import os
import pty
import signal
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from opsctl.machine.vram import (
    GIB,
    Kernel,
    Limits,
    kernel_for,
    kv_bytes,
    kv_tokens,
    least_kv_tokens,
    least_memory,
    needed,
    parts,
    predict,
    quantised_parameters,
    weights,
)
from tests.fakes import nvidia_smi
from tests.workspace import Workspace

MIB = 1 << 20
SHORT = Limits(3072, 4096, 2048)
# GiB that CUDA offers, kernels, KV tokens (None: too few), requests of 4096: as published for
# cards of 6, 8, 12 GB, the T4, Ada of 16 GB, the A10G, and the 3090.
TABLE: list[tuple[float, Kernel, int | None, int]] = [
    (5.8, "marlin", None, 0),
    (7.8, "marlin", 16_200, 3),
    (11.8, "marlin", 45_700, 11),
    (14.6, "triton", 66_200, 16),
    (15.7, "marlin", 74_400, 18),
    (22.1, "marlin", 121_600, 29),
    (23.6, "marlin", 132_700, 32),
]
TGI_ENV = """MODEL_ID=/data/models/mistral
MAX_INPUT_TOKENS=3072
MAX_TOTAL_TOKENS=4096
MAX_BATCH_PREFILL_TOKENS=2048
CUDA_MEMORY_FRACTION={fraction}
"""


def test_the_sizes_follow_from_the_architecture() -> None:
    assert quantised_parameters() == 6_979_321_856
    assert weights("triton") == 4_564_721_664  # the file: 4.565 GB
    assert weights("marlin") == weights("triton") - quantised_parameters() // 32 // 2
    assert round(weights("marlin") / 1e9, 3) == 4.456
    assert kv_bytes() == 131_072


@pytest.mark.parametrize(("usable", "kernel", "tokens", "parallel"), TABLE)
def test_the_cards_come_out_as_published(
    usable: float, kernel: Kernel, tokens: int | None, parallel: int
) -> None:
    found = predict(int(usable * GIB), SHORT, kernel)
    assert found.fits == (tokens is not None)
    if tokens is not None:
        assert round(found.kv_tokens, -2) == tokens
    assert found.parallel == parallel


@pytest.mark.parametrize(
    ("total", "gibibytes"), [(4096, 6.2), (8192, 6.7), (16384, 7.8), (32768, 10.1)]
)
def test_the_least_memory_for_a_length_is_as_published(total: int, gibibytes: float) -> None:
    assert round(least_memory(replace(SHORT, max_total=total), "marlin") / GIB, 1) == gibibytes


def test_the_check_before_a_start_asks_for_what_the_prediction_promises() -> None:
    """A card of exactly the least memory fits with all of it free, and not with less."""
    least = least_memory(SHORT, "marlin") + 1
    assert predict(least, SHORT, "marlin").fits
    assert abs(needed(least, SHORT, "marlin") - least) < 4
    assert not predict(least - MIB, SHORT, "marlin").fits
    assert not predict(least, SHORT, "marlin", taken=MIB).fits


def test_other_programs_and_the_fraction_take_their_part() -> None:
    card = 24 * GIB
    whole = kv_tokens(card, SHORT, "marlin")
    assert whole - kv_tokens(card, SHORT, "marlin", taken=GIB) == GIB // kv_bytes()
    half = kv_tokens(card, replace(SHORT, fraction=0.5), "marlin")
    assert abs(whole - half - 0.45 * card / kv_bytes()) <= 1
    assert kv_tokens(GIB, SHORT, "marlin") == 0


def test_the_warm_up_batch_must_fit_too() -> None:
    assert least_kv_tokens(SHORT) == 4096
    assert least_kv_tokens(Limits(3072, 4096, 4096)) == 8192
    assert least_kv_tokens(Limits(4096, 8192, 4096)) == 8192


def test_the_t4_takes_other_kernels() -> None:
    assert [kernel_for(each) for each in ((7, 5), (8, 0), (9, 0), None)] == [
        "triton", "marlin", "marlin", "marlin",
    ]  # fmt: skip


@pytest.fixture
def server(workspace: Workspace) -> Workspace:
    """A workspace with a tgi.env."""
    (workspace.root / "deploy").mkdir()
    write_env(workspace, 1.0)
    workspace.env["PATH"] = str(workspace.root)
    return workspace


@pytest.fixture
def cards(server: Workspace) -> Workspace:
    """The same with a stand-in for nvidia-smi."""
    nvidia_smi.install(server.root, [nvidia_smi.card()])
    return server


def write_env(workspace: Workspace, fraction: float) -> None:
    (workspace.root / "deploy" / "tgi.env").write_text(TGI_ENV.format(fraction=fraction))


def test_without_a_gpu_the_reason_and_the_need_are_shown(server: Workspace) -> None:
    done = server.run("vram")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("no NVIDIA GPU here: no NVIDIA driver is installed")
    assert (
        "needs a card with 6.16 GiB" in done.stdout and "one request of 4096 tokens" in done.stdout
    )
    survey = server.json("vram")
    assert (survey["gpus"], survey["source"]) == ([], "none")
    assert survey["least"] == least_memory(SHORT, "marlin")
    write_env(server, 0.5)
    assert server.json("vram")["least"] == least_memory(replace(SHORT, fraction=0.5), "marlin")


def test_a_gpu_is_shown_with_the_need_and_what_fits(cards: Workspace) -> None:
    nvidia_smi.install(cards.root, [nvidia_smi.card(used=1024)])
    gpu = cards.json("vram")["gpus"][0]
    assert (gpu["name"], gpu["capability"], gpu["verdict"]["result"]) == (
        "Fake GPU 0",
        [8, 6],
        "ok",
    )
    assert (gpu["total"], gpu["used"]) == (24 * GIB, GIB)
    model, usable = gpu["model"], 24 * GIB - 512 * MIB
    assert model["needed"] == sum(model["parts"].values()) == needed(usable, SHORT, "marlin")
    assert set(parts(SHORT, "marlin")) < set(model["parts"])
    assert model["kv_tokens"] == kv_tokens(usable, SHORT, "marlin", taken=GIB)
    assert model["parallel"] == model["kv_tokens"] // 4096
    shown = cards.run("vram").stdout
    assert "GPU 0: Fake GPU 0" in shown
    assert f"{model['parallel']} requests of 4096 tokens at once" in shown


def test_a_full_gpu_does_not_fit_and_a_bad_one_is_named(cards: Workspace) -> None:
    nvidia_smi.install(cards.root, [nvidia_smi.card(used=20000)])
    assert "it does not fit" in cards.run("vram").stdout
    nvidia_smi.install(cards.root, [nvidia_smi.card(used=0, capability="12.0")])
    assert "the card is not" in cards.run("vram").stdout
    nvidia_smi.install(cards.root, [nvidia_smi.card(used="[N/A]", total="[N/A]")])
    done = cards.run("vram")
    assert (done.returncode, done.stderr) == (0, "")
    assert "does not report its memory" in done.stdout
    assert cards.json("vram")["gpus"][0]["model"] is None


def test_the_memory_of_the_running_model_server_counts_as_free(cards: Workspace) -> None:
    script = cards.root / "text-generation-server"
    script.write_text("input()")
    with subprocess.Popen([sys.executable, str(script)], stdin=subprocess.PIPE) as process:
        running = [f"GPU-0, {process.pid}, 20000, python"]
        nvidia_smi.install(cards.root, [nvidia_smi.card(used=21000)], running)
        shown = cards.run("vram").stdout
        gpu = cards.json("vram")["gpus"][0]
        process.communicate(b"\n")
    assert f"model server, pid {process.pid}" in shown
    assert "without the model server that runs" in shown
    assert gpu["model"]["free"] - gpu["free"] == 20000 * MIB
    assert gpu["model"]["fits"]


@pytest.mark.parametrize("text", [None, "MODEL_ID=/data/models/m\nMAX_INPUT_TOKENS=many\n"])
def test_a_tgi_env_that_can_not_be_used_is_said_and_does_not_hide_the_gpus(
    server: Workspace, text: str | None
) -> None:
    path = server.root / "deploy" / "tgi.env"
    path.write_text(text) if text else path.unlink()
    done = server.run("vram")
    assert done.returncode == 0
    assert "tgi.env" in done.stderr and "reckoned with" in done.stderr
    assert "6.16 GiB" in done.stdout


def test_watch_repeats_until_it_is_interrupted(server: Workspace) -> None:
    process = server.start("vram", "--watch", "--json", fresh=True)
    assert process.stdout
    surveys: list[Any] = [json.loads(process.stdout.readline()) for _ in range(2)]
    assert surveys[0] == surveys[1]
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in stderr


def test_watch_draws_on_a_terminal(server: Workspace) -> None:
    ours, theirs = pty.openpty()
    server.options["stdout"] = theirs
    process = server.start("vram", "--watch", env={"TERM": "xterm", "COLUMNS": "120"}, fresh=True)
    os.close(theirs)
    seen = b""
    while seen.count(b"no NVIDIA GPU here") < 2:
        seen += os.read(ours, 4096)
    process.send_signal(signal.SIGINT)
    assert process.wait() == 130
    os.close(ours)
    assert process.stdin and process.stderr
    process.stdin.close()
    with process.stderr as stream:
        assert "Traceback" not in stream.read()
