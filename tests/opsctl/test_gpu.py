"""The GPUs of a machine: nvidia-smi (a stand-in program), or none."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from opsctl.machine.gpu import Gpu
from opsctl.machine.vram import explain
from tests.fakes import nvidia_smi

ROOT = Path(__file__).resolve().parents[2]
FIND = """
import dataclasses, json
from opsctl.machine.gpu import find_gpus
report = find_gpus()
usable = [gpu.usable for gpu in report.gpus]
print(json.dumps(dataclasses.asdict(report) | {"usable": usable}))
"""
MIB = 1 << 20
CARD = Gpu(0, "card", 24 << 30, 0, 24 << 30, (8, 6), "580.95.05", ())


def find(env: dict[str, str]) -> Any:
    """What find_gpus() gives in a process with only these variables."""
    done = subprocess.run(
        [sys.executable, "-c", FIND],
        cwd=ROOT, env={"PATH": "/nowhere"} | env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done
    return json.loads(done.stdout)


def smi(folder: Path, script: str) -> dict[str, str]:
    """An nvidia-smi on the PATH that runs these lines of shell."""
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.defpath}"}


def test_no_driver_at_all() -> None:
    told = find({})
    assert (told["gpus"], told["source"]) == ([], "none")
    assert told["reason"] == "no NVIDIA driver is installed (nvidia-smi is not found)"


def test_the_programs_are_named_and_the_model_server_is_found(tmp_path: Path) -> None:
    script = tmp_path / "text-generation-server"
    script.write_text("input()")
    with (
        subprocess.Popen([sys.executable, str(script)], stdin=subprocess.PIPE) as server,
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other,
    ):
        running = [f"GPU-0, {server.pid}, 6000, python", f"GPU-0, {other.pid}, 500, python"]
        nvidia_smi.install(tmp_path, [nvidia_smi.card()], running)
        told = find({"PATH": f"{tmp_path}{os.pathsep}{os.defpath}"})
        for process in (server, other):
            process.communicate(b"\n")
    found = {process["pid"]: process for process in told["gpus"][0]["processes"]}
    assert set(found) == {server.pid, other.pid}
    assert found[server.pid]["server"] and found[server.pid]["used"] == 6000 * MIB
    assert not found[other.pid]["server"] and "python" in found[other.pid]["name"]
    assert told["usable"] == [(24576 - 512) * MIB]


def test_nvidia_smi_tells_of_two_gpus(tmp_path: Path) -> None:
    rows = """case "$1" in
--query-gpu=*)
    echo "0, GPU-a, NVIDIA GeForce RTX 3090, 24576, 1024, 23188, 8.6, 550.90"
    echo "1, GPU-b, Tesla T4, 15360, [N/A], [N/A], [N/A], [Not Supported]";;
--query-compute-apps=*)
    echo "GPU-b, 4194305, 3000, python3 -m localtgi, port 8080"
    echo "GPU-b, 4194306, [N/A], [Insufficient Permissions]";;
esac"""
    told = find(smi(tmp_path, rows))
    assert (told["source"], told["driver"]) == ("nvidia-smi", "550.90")
    first, second = told["gpus"]
    assert (first["name"], first["capability"]) == ("NVIDIA GeForce RTX 3090", [8, 6])
    assert (first["total"], first["free"]) == (24576 * MIB, 23188 * MIB)
    assert first["processes"] == []
    assert (second["used"], second["capability"], second["driver"]) == (None, None, None)
    assert told["usable"][1] == 15360 * MIB
    local, hidden = second["processes"]
    assert (local["used"], local["server"]) == (3000 * MIB, True)
    assert (hidden["pid"], hidden["used"], hidden["server"]) == (4194306, None, False)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo NVIDIA-SMI has failed; exit 9", "NVIDIA-SMI has failed"),
        ("exit 6", "exit code 6"),
        ("exit 0", "sees no GPU"),
        ("echo Driver/library version mismatch; exit 18", "restart the machine"),
    ],
)
def test_an_nvidia_smi_that_fails_is_quoted(tmp_path: Path, script: str, reason: str) -> None:
    told = find(smi(tmp_path, script))
    assert (told["gpus"], told["source"]) == ([], "none")
    assert reason in told["reason"]


@pytest.mark.parametrize(
    ("capability", "result", "word"),
    [
        ((7, 0), "failed", "too old"),
        ((7, 5), "warning", "Triton"),
        ((8, 0), "ok", "Marlin"),
        ((8, 6), "ok", "Marlin"),
        ((8, 9), "ok", "Marlin"),
        ((9, 0), "ok", "Marlin"),
        ((10, 0), "failed", "too new"),
        ((12, 0), "failed", "too new"),
        (None, "warning", "is unknown"),
    ],
)
def test_each_capability_is_explained(
    capability: tuple[int, int] | None, result: str, word: str
) -> None:
    verdict = explain(replace(CARD, capability=capability))
    assert verdict.result == result
    assert word in verdict.sentence
