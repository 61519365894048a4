"""Weights packed for a CPU: kept by content, and what a kill, a full disk and a second start do."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.forked import ROOT
from tests.limits import limit_file_size, without_root_rights
from tests.localtgi.server import Server, launch

PACKING = "packing the weights for this CPU"
PROMPT = "[INST] Где указан срок действия паспорта? [/INST]"


@pytest.fixture
def model(tiny: Path, tmp_path: Path) -> Path:
    """A GPTQ model of its own."""
    return Path(shutil.copytree(tiny / "model-gptq", tmp_path / "model"))


@contextmanager
def serving(model: Path, *flags: str, limit: Callable[[], None] | None = None) -> Iterator[Server]:
    """A running server of a model; what else it packs goes beside the model's folder."""
    spare = model.parent / "spare"
    process = launch("--model", str(model), "--cache", str(spare), *flags, limit=limit)
    try:
        yield Server(process)
    finally:
        process.kill()
        process.communicate()


def start(model: Path, *flags: str, limit: Callable[[], None] | None = None) -> tuple[Any, str]:
    """What a server of the model answers, and its log."""
    with serving(model, *flags, limit=limit) as server:
        return server.generate(PROMPT, max_new_tokens=8)["details"], "\n".join(server.log)


def kept(folder: Path) -> dict[str, int]:
    """The files that packed weights are in, and when each was written."""
    return {p.name: p.stat().st_mtime_ns for p in folder.glob("packed-*/*")}


def test_a_second_start_finds_what_the_first_packed(model: Path) -> None:
    first, log = start(model)
    assert f"{PACKING}, once, in {model}/packed-" in log and ": 0 %" in log
    files = kept(model)
    assert len(files) == 14 + 1
    second, log = start(model)
    assert PACKING not in log
    assert second == first and kept(model) == files


def test_a_copied_model_brings_its_packed_weights(model: Path, tmp_path: Path) -> None:
    first, _ = start(model)
    copied = Path(shutil.copytree(model, tmp_path / "copied"))
    second, log = start(copied)
    assert second == first and PACKING not in log


def test_weights_of_another_content_are_packed_again(model: Path, tmp_path: Path) -> None:
    """The same names, sizes and times."""
    first, _ = start(model)
    weights = model / "model.safetensors"
    before = weights.stat()
    content = bytearray(weights.read_bytes())
    data = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:data])
    begin, stop = header["model.layers.1.mlp.down_proj.qweight"]["data_offsets"]
    content[data + begin : data + stop] = content[data + begin : data + stop][::-1]
    weights.write_bytes(content)
    os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))
    second, log = start(model)
    assert PACKING in log
    shutil.rmtree(next(model.glob("packed-*")))
    assert start(model)[0] == second != first


def test_a_layer_that_was_cut_is_packed_again(model: Path) -> None:
    first, _ = start(model)
    cut, draft, *_ = sorted(model.glob("packed-*/*.safetensors"))
    os.truncate(cut, 100)
    draft.rename(f"{draft}.part")  # as a kill leaves it
    os.truncate(f"{draft}.part", 100)
    second, log = start(model)
    assert second == first and PACKING in log
    assert len(kept(model)) == 14 + 1


@pytest.mark.parametrize("line", range(1, 6))
def test_a_kill_while_packing_leaves_no_half_file_that_is_used(model: Path, line: int) -> None:
    process = launch("--model", str(model))
    assert process.stderr
    seen = 0
    while seen < line:
        seen += process.stderr.readline().startswith(PACKING)
    process.kill()
    process.communicate()
    killed = start(model)[0]
    shutil.rmtree(next(model.glob("packed-*")))
    assert start(model)[0] == killed


def test_two_at_once_pack_the_same(model: Path) -> None:
    with serving(model) as first, serving(model) as second:
        answers = [s.generate(PROMPT, max_new_tokens=8)["details"] for s in (first, second)]
    assert answers[0] == answers[1]
    assert len(kept(model)) == 14 + 1


def test_a_second_one_waits_for_the_first(model: Path) -> None:
    start(model)
    folder = next(model.glob("packed-*"))
    number = os.open(folder, os.O_RDONLY)
    fcntl.flock(number, fcntl.LOCK_EX)
    process = launch("--model", str(model))
    assert process.stderr
    while not process.stderr.readline().startswith("another process packs these weights"):
        assert process.poll() is None
    os.close(number)
    Server(process)
    process.kill()
    process.communicate()


def test_a_folder_that_can_not_be_written_is_left_for_the_cache(model: Path) -> None:
    first, _ = start(model)
    shutil.rmtree(next(model.glob("packed-*")))
    model.chmod(0o555)
    try:
        second, log = start(model, limit=without_root_rights)
        spare = model.parent / "spare"
        assert f"packed weights cannot be kept in {model}/packed-" in log
        assert "(Permission denied)" in log and f"{PACKING}, once, in {spare}/model-" in log
        again, log = start(model, limit=without_root_rights)
        assert PACKING not in log
    finally:
        model.chmod(0o755)
    assert first == second == again


def test_without_room_to_write_it_packs_at_each_start(model: Path) -> None:
    first, _ = start(model)
    shutil.rmtree(next(model.glob("packed-*")))
    for size in (0, 1000, 4000):  # nothing, the record, some of the layers
        details, log = start(model, limit=partial(limit_file_size, size))
        assert details == first
        assert "packed weights cannot be kept in" in log and "at each start" in log
        assert not kept(model) and not [*(model.parent / "spare").rglob("*.safetensors")]


def test_a_disk_without_room_is_told_with_the_figures(model: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting is not permitted")
    try:
        moved = Path(shutil.copytree(model, disk / "model"))
        (disk / "filler").write_bytes(b"x" * (shutil.disk_usage(disk).free - 20_000))
        _, log = start(moved, "--cache", str(tmp_path / "spare"))
        assert "GB are needed, 0.0 are free" in log
        assert f"{PACKING}, once, in {tmp_path}/spare/model-" in log
        assert not [*moved.glob("packed-*")]
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_without_avx_the_weights_are_unpacked_for_every_token(model: Path) -> None:
    command = [sys.executable, "-m", "localtgi", "--model", str(model), "--port", "0"]
    environment = os.environ | {"ATEN_CPU_CAPABILITY": "default"}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    )
    try:
        server = Server(process)
        assert server.generate(PROMPT, max_new_tokens=2)
    finally:
        process.kill()
        process.communicate()
    [told] = [line for line in server.log if "unpacked for every token" in line]
    assert told.endswith("torch's int4 kernel needs AVX2 or AVX-512, which this CPU has not")
    assert not kept(model)
