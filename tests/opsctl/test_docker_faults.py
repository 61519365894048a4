"""What is wrong with the places, the image and the card is told before anything is started."""

import os
from pathlib import Path

import pytest

from tests.fakes import nvidia_smi
from tests.fakes.docker import DIGEST
from tests.gpu_server import GPUServer

MODEL = "TheBloke--Mistral-7B-Instruct-v0.2-GPTQ"


def test_a_model_that_is_a_link_to_elsewhere_is_refused(server: GPUServer) -> None:
    """The container has the folder of models alone, at another place."""
    folder = server.workspace.state / "models" / MODEL
    elsewhere = server.workspace.root / "big disk" / MODEL
    elsewhere.parent.mkdir()
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)
    told = server.workspace.fails(1, "start")
    assert f"{folder} is a link to {elsewhere}, which the container does not see" in told
    assert f"rm {folder} && cp -r '{elsewhere}' {folder}" in told
    assert server.calls("run") == []


def test_a_file_of_the_model_that_is_a_link_to_elsewhere_is_refused(server: GPUServer) -> None:
    path = server.workspace.state / "models" / MODEL / "tokenizer.json"
    elsewhere = path.rename(server.workspace.root / "tokenizer.json")
    path.symlink_to(os.path.relpath(elsewhere, path.parent))
    assert f"model: {path} is a link to ../" in server.workspace.fails(1, "start")
    path.unlink()
    within = elsewhere.rename(path.parent.with_name("tokenizer.json"))
    path.symlink_to(f"../{within.name}")
    assert server.workspace.run("start", "--timeout", "5").returncode == 0


def test_an_adapter_that_is_a_link_to_elsewhere_is_refused(server: GPUServer) -> None:
    folder = server.workspace.state / "adapters" / "zero"
    elsewhere = folder.rename(server.workspace.root / "zero")
    folder.symlink_to(elsewhere)
    assert f"adapter: {folder} is a link to {elsewhere}" in server.workspace.fails(1, "start")


@pytest.mark.parametrize("link", [True, False])
def test_models_on_a_disk_that_is_not_mounted(server: GPUServer, link: bool) -> None:
    models = server.workspace.state / "models"
    models.rename(server.workspace.root / "disk")
    if link:
        models.symlink_to(server.workspace.root / "not-mounted")
    else:
        models.mkdir()  # an empty mount point
    told = server.workspace.fails(1, "start")
    assert "is its disk mounted?" in told
    assert "findmnt" in told


def test_all_models_may_be_a_link(server: GPUServer) -> None:
    models = server.workspace.state / "models"
    models.symlink_to(models.rename(server.workspace.root / "disk"))
    assert server.workspace.run("start").returncode == 0


def test_an_image_from_a_file_is_known_by_its_id(server: GPUServer) -> None:
    server.docker(digest="", image_id="sha256:first")
    assert server.workspace.run("start").returncode == 0
    server.workspace.run("stop")
    server.docker(digest="", image_id="sha256:second")
    told = server.workspace.fails(1, "start")
    assert "is not the one that was fetched first (sha256:first)" in told
    server.docker(digest=DIGEST, image_id="sha256:first")  # since then a registry was asked for it
    assert server.workspace.run("start").returncode == 0


def test_a_tag_that_was_recorded_as_a_digest_is_no_record(server: GPUServer) -> None:
    image = DIGEST.partition("@")[0] + ":3.3.7"
    record = server.workspace.state / "run" / "images.json"
    record.parent.mkdir(mode=0o700, exist_ok=True)
    record.write_text(f'{{"{image}": "{image}"}}')
    assert server.workspace.run("start").returncode == 0
    assert "@sha256:" not in record.read_text() and '"sha256:' in record.read_text()


def test_an_image_that_has_no_room_is_not_fetched(server: GPUServer) -> None:
    server.docker(image=False, root="/proc")
    told = server.workspace.fails(1, "start")
    assert "image: not here yet, and 0.0 GiB are free in /proc for it, where 25 are asked" in told
    assert "docker system df" in told
    assert server.calls("pull") == []


def test_a_disk_that_fills_while_the_image_is_fetched(server: GPUServer) -> None:
    full = "failed to register layer: write /x.so: no space left on device"
    server.docker(image=False, pull_error=full)
    done = server.workspace.run("start")
    assert done.returncode == 1
    assert f"{full}\nerror: the image" in done.stderr
    assert "cannot be fetched, see above\nhint: the disk: docker system df; " in done.stderr


def test_an_image_of_another_release_is_a_warning(server: GPUServer) -> None:
    env = {"OPSCTL_IMAGE": DIGEST.partition("@")[0] + ":3.3.6"}
    rows = {row["name"]: row for row in server.workspace.json("doctor", env=env, code=None)}
    assert rows["image"]["result"] == "warning"
    assert "not the release that deploy/tgi_shim was written for" in rows["image"]["detail"]


def test_a_card_that_others_fill_beside_one_with_room(server: GPUServer) -> None:
    programs = server.workspace.root / "bin"
    nvidia_smi.install(programs, [nvidia_smi.card(0, used=20000), nvidia_smi.card(1)])
    told = server.workspace.fails(1, "start")
    assert "memory: 4.0 GiB free" in told
    assert "another card has room: OPSCTL_GPU=1" in told
    assert server.workspace.run("start", env={"OPSCTL_GPU": "1"}).returncode == 0
    [argv] = server.calls("run")
    assert argv[argv.index("--gpus") + 1] == "device=1"


@pytest.mark.parametrize(
    ("script", "cause", "hint"),
    [
        ("echo Driver/library version mismatch; exit 18", "the driver was updated", "sudo reboot"),
        ("echo 'Field \"compute_cap\" is not a valid field to query.'; exit 2", "not a valid", ""),
        ("echo 'index, uuid, name, a, b, c, d, e'", "says what opsctl cannot read (index, ", ""),
    ],
)
def test_an_nvidia_smi_of_another_mind(
    server: GPUServer, script: str, cause: str, hint: str
) -> None:
    program = server.workspace.root / "bin" / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    told = server.workspace.fails(1, "start", "--server", "docker")
    assert cause in told
    assert hint in told.splitlines()[-1]


def test_stop_does_not_say_nothing_runs_where_docker_was_not_heard(server: GPUServer) -> None:
    server.docker(engine="denied")
    said = server.workspace.run("stop").stderr
    assert said.startswith("whether a container runs is not known: Docker is there, but this user")


def test_a_start_that_docker_refused_leaves_no_server_that_is_gone(server: GPUServer) -> None:
    assert server.workspace.run("start").returncode == 0
    server.docker(run_error="no space left on device")
    server.workspace.fails(1, "restart")
    assert server.workspace.json("status", code=3)["server"]["state"] == "stopped"


def test_why_docker_could_not_start_it_again_is_told(server: GPUServer) -> None:
    """As after a reboot: its log ends with the life before, and says that it was stopped."""
    assert server.workspace.run("start").returncode == 0
    made = server.world / "container.json"
    server.workspace.run("stop")
    server.docker(log="loading", exit_code=128)
    server.workspace.fails(1, "start")
    text = made.read_text()
    assert '"Error": ""' in text
    made.write_text(
        text.replace('"Error": ""', '"Error": "nvml error: driver/library version mismatch"')
    )
    found = server.workspace.json("status", code=3)["server"]
    assert found["reason"] == "the NVIDIA driver was updated, and the old one is still loaded"
    assert found["fix"] == "sudo reboot"


def test_a_missing_folder_of_adapters_is_made(server: GPUServer) -> None:
    """It is mounted also where LORA_ADAPTERS names none."""
    lines = server.tgi_env.read_text().splitlines(keepends=True)
    server.tgi_env.write_text("".join(row for row in lines if not row.startswith("LORA_AD")))
    adapters: Path = server.workspace.state / "adapters"
    adapters.rename(server.workspace.root / "adapters")
    server.workspace.run("start", "--timeout", "0.02")
    assert len(server.calls("run")) == 1
    assert adapters.is_dir()
