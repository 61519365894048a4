"""GPTQ by torch's int4 kernel: near the float twin, in every shape, with an adapter."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.forked import ROOT, Forked
from tests.localtgi.server import Server, ids, launch, logprobs
from tests.localtgi.shapes import EXACT, SHAPES, UNFIT

BOUND = 0.5  # of a log-probability, for rounding to bfloat16; 0.26 was the most that was seen
Served = dict[str, Server]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a GPTQ model of each shape, adapters/, and report.json."""
    folder = tmp_path_factory.mktemp("int4")
    with Forked(
        (str(folder),), torch=True, module="tests.localtgi.int4_program",
        cwd=ROOT, env=dict(os.environ), stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        report, _ = process.communicate()
    assert process.returncode == 0
    (folder / "report.json").write_text(report)
    return folder


@pytest.fixture(scope="module")
def report(made: Path) -> Any:
    """What transformers gives for the float twins."""
    return json.loads((made / "report.json").read_text())


@pytest.fixture(scope="module")
def served(made: Path) -> Iterator[Served]:
    """A server of each model, each with its adapter."""
    processes = {
        name: launch("--model", f"{made}/{name}", "--adapter", f"mine={made}/adapters/{name}")
        for name in SHAPES
    }
    try:
        yield {name: Server(process) for name, process in processes.items()}
    finally:
        for process in processes.values():
            process.kill()
            process.communicate()


def distance(answer: Any, wanted: Any) -> float:
    """Between the likeliest tokens' log-probabilities, as long as the text before is the same."""
    same = zip(ids(answer), wanted["ids"], strict=True)
    shared = next((place for place, (a, b) in enumerate(same) if a != b), len(wanted["ids"]) - 1)
    pairs = list(zip(logprobs(answer), wanted["logprobs"], strict=True))[: shared + 1]
    return float(max(abs(ours - theirs) for ours, theirs in pairs))


@pytest.mark.parametrize("name", SHAPES)
def test_base_and_adapter_answer_as_the_float_twin(served: Served, report: Any, name: str) -> None:
    bound = 1e-4 if name == EXACT else BOUND
    made = set()
    for kind, adapter in (("base", None), ("adapter", "mine")):
        answer = served[name].generate(
            report["prompts"]["short"], max_new_tokens=24, adapter_id=adapter
        )
        assert distance(answer, report[name][kind]) < bound
        made.add(tuple(ids(answer)))
    assert len(made) == 2, "the adapter changes nothing"


@pytest.mark.parametrize("name", SHAPES)
def test_a_long_prompt_is_read_in_float32(served: Served, report: Any, name: str) -> None:
    answer = served[name].generate(report["prompts"]["long"], max_new_tokens=1)
    assert logprobs(answer) == pytest.approx(report[name]["long"]["logprobs"][:1], abs=1e-4)


def test_layers_that_the_kernel_does_not_take_are_counted(served: Served) -> None:
    for name, server in served.items():
        told = [line for line in server.log if "unpacked for every token" in line]
        wanted = [UNFIT[name]] if name in UNFIT else []
        assert [line.partition(" are")[0] for line in told] == wanted


def test_the_kernel_is_near_the_unpacked_weights_whatever_their_zeros(report: Any) -> None:
    assert len(report["errors"]) == 4
    assert max(report["errors"].values()) < 0.01, report["errors"]


def test_a_layer_of_many_outputs_is_the_same_in_parts(report: Any) -> None:
    forward, backward = report["wide"]
    assert forward < 1e-5 and backward < 1e-3
