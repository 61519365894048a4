"""deploy/tgi_shim in a Python that is started as in the container, beside a stand-in for TGI.

prove_tgi_shim.py does the same to TGI's real sources, which are not part of this repository.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deploy.standins import CLASSES, FILES, write_package

SHIM = Path(__file__).parents[2] / "deploy" / "tgi_shim"
SAYS = "opsctl tgi_shim: "
LOAD = """
import importlib, types
from text_generation_server.adapters.lora import device_of
for module, name in {classes!r}.items():
    cls = getattr(importlib.import_module("text_generation_server." + module), name)
    print(device_of(cls(types.SimpleNamespace(device="cuda:0"))))
"""
# Rows of a batch: adapters 1 and 2 have rank 8, 3 has rank 16 and is wrapped, 0 is the base model.
BATCHES = """
import itertools
from types import SimpleNamespace as made
import torch
from text_generation_server.adapters.lora import BatchLoraWeights

held = {1: made(lora_a_r=8), 2: made(lora_a_r=8), 3: made(lora_weights=made(lora_a_r=16))}
outside = wrong = 0
for rows in itertools.product(range(4), repeat=4):
    segments = [number for number, _ in itertools.groupby(rows)]
    meta = made(adapter_indices=torch.tensor(rows), segment_indices=segments)
    batch = BatchLoraWeights.load(held, meta, False, None)
    reached = [0] * len(rows)
    for data in batch.rank_data.values():
        assert data.indices.dtype == torch.int32
        for row, place in enumerate(data.indices.tolist()):
            outside += place >= len(data.table)
            if 0 <= place < len(data.table):
                reached[row] = data.table[place]
    wrong += reached != list(rows)
print(outside > 0, wrong > 0)
meta = made(adapter_indices=torch.tensor([1, 2]), segment_indices=[1, 2])
assert BatchLoraWeights.load({}, meta, False, None) is None
assert BatchLoraWeights.load(held, meta, True, None).rank_data[8].indices is None
"""


@dataclass
class Container:
    """Folders as the container has them, and a Python started on them."""

    shim: Path
    server: Path  # on sys.path, holds text_generation_server
    programs: Path  # on PATH

    @property
    def package(self) -> Path:
        return self.server / "text_generation_server"

    def accept_sources(self) -> None:
        """Let the stand-in's files be the known ones."""
        digests = {
            name: hashlib.sha256((self.package / name).read_bytes()).hexdigest() for name in FILES
        }
        lines = [f"{digest}  {name}\n" for name, digest in digests.items()]
        (self.shim / "tgi-3.3.7.sha256").write_text("".join(lines))

    def change(self, name: str, text: str) -> None:
        """Give one file another text and take it for a known one."""
        (self.package / name).write_text(text)
        self.accept_sources()

    def launcher(self, version: str) -> None:
        """Put a text-generation-launcher on PATH that answers --version."""
        program = self.programs / "text-generation-launcher"
        program.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "{version}"\n')
        program.chmod(0o755)

    def run(
        self, code: str, shim: bool = True, later: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run Python code with the shim first on PYTHONPATH, or without it."""
        path = [self.shim] * shim + [self.server] + [later] * (later is not None)
        env = {
            "PYTHONPATH": os.pathsep.join(str(folder) for folder in path),
            "PATH": str(self.programs),
            "PYTHONDONTWRITEBYTECODE": "1",
            "OMP_NUM_THREADS": "1",
        }
        return subprocess.run(
            [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False
        )

    def said(self, code: str) -> list[str]:
        """What the shim said on standard error while code ran, which must go well."""
        done = self.run(code)
        assert done.returncode == 0, done.stderr
        return [line for line in done.stderr.splitlines() if line.startswith(SAYS)]


@pytest.fixture
def container(tmp_path: Path) -> Container:
    """A container whose TGI the shim knows."""
    made = Container(tmp_path / "tgi_shim", tmp_path / "server", tmp_path / "bin")
    shutil.copytree(SHIM, made.shim, ignore=shutil.ignore_patterns("__pycache__"))
    made.programs.mkdir()
    write_package(made.server)
    made.accept_sources()
    return made


def load(*modules: str) -> str:
    """Code that has the stand-in's adapter loader read layers of these modules; of all if none."""
    return LOAD.format(classes={name: CLASSES[name] for name in modules or CLASSES})


@pytest.mark.parametrize("module", CLASSES)
def test_without_the_shim_the_adapter_loader_fails(container: Container, module: str) -> None:
    done = container.run(load(module), shim=False)
    assert f"'{CLASSES[module]}' object has no attribute 'weight'" in done.stderr


def test_with_the_shim_it_reads_the_device_of_every_class(container: Container) -> None:
    done = container.run(load())
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines().count("cuda:0") == len(CLASSES)


def test_it_says_each_patch_once_and_in_the_form_that_tgi_s_launcher_logs(
    container: Container,
) -> None:
    done = container.run(load())
    said = [line for line in done.stderr.splitlines() if line.startswith(SAYS)]
    logged = [json.loads(line) for line in done.stdout.splitlines() if line != "cuda:0"]
    assert [record["text"] for record in logged] == said
    assert {record["record"]["level"]["name"] for record in logged} == {"INFO"}
    for module, name in CLASSES.items():
        assert sum(f".{module}.{name}: given the weight" in line for line in said) == 1
    assert len(said) == len(CLASSES) + 1  # and the batches


def test_what_it_said_is_out_before_the_process_is_killed(container: Container) -> None:
    code = "import os, text_generation_server.layers.marlin.gptq; os.abort()"
    done = container.run(code)
    assert SAYS in done.stdout
    assert SAYS in done.stderr


def test_the_rows_of_every_mixed_batch_reach_their_adapter(container: Container) -> None:
    assert container.run(BATCHES, shim=False).stdout.endswith("True True\n")
    done = container.run(BATCHES)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("False False\n")


def test_another_release_is_refused_by_name_and_nothing_is_patched(container: Container) -> None:
    shutil.copy(SHIM / "tgi-3.3.7.sha256", container.shim)  # the real digests: the stand-in differs
    container.launcher("text-generation-launcher 3.2.0")
    done = container.run(load())
    assert "object has no attribute 'weight'" in done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith(SAYS)]
    assert len(said) == 1
    for part in ("nothing is patched", "TGI 3.3.7", "text-generation-launcher 3.2.0", *FILES):
        assert part in said[0]
    for part in ("LORA_ADAPTERS will fail", "Use the published image of tag 3.3.7"):
        assert part in said[0]


@pytest.mark.parametrize("name", FILES)
def test_one_changed_or_missing_file_is_enough_to_refuse(container: Container, name: str) -> None:
    (container.package / name).write_text(FILES[name] + "# changed\n")
    code = "import text_generation_server.layers.marlin.gptq, text_generation_server.adapters.lora"
    (said,) = container.said(code)
    assert f"this unknown release has other files: {name}." in said
    container.accept_sources()
    (container.package / "layers" / "gptq" / "ipex.py").unlink()
    (said,) = container.said(code)
    assert "has other files: layers/gptq/ipex.py." in said


def test_a_missing_class_is_named_and_the_rest_is_patched(container: Container) -> None:
    container.change("layers/gptq/ipex.py", "")
    said = container.said(
        load("layers.marlin.gptq") + "import text_generation_server.layers.gptq.ipex"
    )
    assert any("layers.gptq.ipex has no QuantLinear: not patched" in line for line in said)


def test_a_weight_of_its_own_is_left_alone(container: Container) -> None:
    container.change(
        "layers/gptq/triton.py",
        "import types\nclass QuantLinear:\n    weight = types.SimpleNamespace(device='own')\n"
        "    def __init__(self, tensor): pass\n",
    )
    done = container.run(load("layers.gptq.triton"))
    assert done.stdout.endswith("own\n")
    assert "layers.gptq.triton.QuantLinear has a weight of its own: left as it is" in done.stderr


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("layers/gptq/triton.py", "QuantLinear = int\n"),
        ("adapters/lora.py", "class BatchLoraWeights: pass\n"),
    ],
)
def test_a_patch_that_fails_is_said_and_the_import_goes_on(
    container: Container, name: str, text: str
) -> None:
    container.change(name, text)
    module = "text_generation_server." + name.removesuffix(".py").replace("/", ".")
    (said,) = container.said(f"import {module}")
    assert f"{module} is not patched: " in said


def test_without_its_list_of_files_the_shim_patches_nothing_and_says_so(
    container: Container,
) -> None:
    (container.shim / "tgi-3.3.7.sha256").unlink()
    (said,) = container.said("import text_generation_server.layers.marlin.gptq")
    assert "is not patched: FileNotFoundError" in said


def test_an_import_that_fails_by_itself_fails_as_before(container: Container) -> None:
    container.change("layers/gptq/exllamav2.py", "raise ImportError('no such kernel')\n")
    code = "import text_generation_server.layers.gptq.exllamav2"
    without, given = container.run(code, shim=False), container.run(code)
    assert given.returncode == without.returncode == 1
    assert given.stderr.splitlines()[-1] == without.stderr.splitlines()[-1]
    assert SAYS not in given.stderr


def test_a_closed_standard_output_does_not_stop_the_import(container: Container) -> None:
    code = "import sys; sys.stdout.close(); sys.stdout = None\n"
    assert container.said(code + "import text_generation_server.layers.marlin.gptq")


def test_a_python_that_is_not_tgi_s_runs_as_without_the_shim(container: Container) -> None:
    done = container.run("import email, sys; print(sys.argv)")
    assert (done.stdout, done.stderr, done.returncode) == ("['-c']\n", "", 0)
    missing = "import text_generation_server.layers.marlin.awq"
    assert container.run(missing).stderr == container.run(missing, shim=False).stderr


def test_the_sitecustomize_it_hides_still_runs(container: Container, tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text("import sys; sys.hidden_ran = True\n")
    code = "import sys; print(sys.hidden_ran)\n" + load("layers.marlin.gptq")
    done = container.run(code, later=hidden)
    assert done.stdout.startswith("True\n")
    assert done.stdout.endswith("cuda:0\n")


def test_a_hidden_sitecustomize_that_fails_leaves_the_shim_working(
    container: Container, tmp_path: Path
) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text("raise ValueError('broken')\n")
    done = container.run(load("layers.marlin.gptq"), later=hidden)
    assert "Error in sitecustomize" in done.stderr  # Python's own words, as without the shim
    assert done.stdout.endswith("cuda:0\n")


def test_the_list_names_the_files_that_are_patched_and_is_one_for_sha256sum() -> None:
    lines = (SHIM / "tgi-3.3.7.sha256").read_text("ascii").splitlines()
    assert sorted(line[66:] for line in lines) == sorted(FILES)
    assert all(len(bytes.fromhex(line[:64])) == 32 and line[64:66] == "  " for line in lines)
