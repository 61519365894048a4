"""The adapter on llama.cpp: exact, for whom it is meant, and proven wherever it is not."""

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.server.protocols.mistral import render
from assistant.server.types import Message
from opsctl.llamacpp import convert, header
from tests.real.llamacpp.conftest import serving
from tests.real.llamacpp.managed import Machine, make
from tests.real.llamacpp.tiny import PROMPTS, far, post, reference, written
from tests.tiny_gguf import write_gguf
from tests.workspace import Workspace, question

BOTH = (0, 1)  # the scales: the base model, and the adapter


@pytest.fixture
def machine(indexed: Workspace, tiny: Path) -> Iterator[Machine]:
    made = make(indexed, tiny)
    yield made
    indexed.run("stop")


# Rounding of the cache alone, and of weights of 8 bits; the other state is more than 5 away.
@pytest.mark.parametrize(("kind", "noise"), [("F32", 0.15), ("Q8_0", 1.5)])
def test_log_probabilities_are_those_of_transformers_and_peft(
    tiny: Path, tmp_path: Path, kind: str, noise: float
) -> None:
    """Of prompts of 6, 41 and 301 tokens, and of every later token."""
    model = tiny / f"{kind}.gguf"
    lora = tmp_path / "loud.gguf"
    convert.convert(tiny / "adapters" / "loud", header.read(model), lora)
    asked = [(prompt, scale) for prompt in PROMPTS for scale in BOTH]
    with serving(model, tmp_path / "llama.log", lora=lora) as llama:
        answers = [written(llama.url, *one) for one in asked]
    rows = [prompt + said.tokens for (prompt, _), said in zip(asked, answers, strict=True)]
    known = reference(tiny, "loud", rows)
    for number, ((prompt, scale), said) in enumerate(zip(asked, answers, strict=True)):
        right, wrong = ("adapter", "base") if scale else ("base", "adapter")
        assert max(far(said, known[right][number], prompt)) < noise
        assert max(far(said, known[wrong][number], prompt)) > 3


def test_base_and_adapter_in_turn_and_at_once_answer_as_alone(tiny: Path, tmp_path: Path) -> None:
    model = tiny / "F32.gguf"
    lora = tmp_path / "loud.gguf"
    convert.convert(tiny / "adapters" / "loud", header.read(model), lora)
    with serving(model, tmp_path / "llama.log", slots=4, window=512, lora=lora) as llama:
        alone = {
            (number, scale): written(llama.url, PROMPTS[number], scale, cache_prompt=False)
            for number in range(3)
            for scale in BOTH
        }
        asked = [(number, scale) for _ in range(4) for scale in BOTH for number in range(3)]
        turns = [written(llama.url, PROMPTS[number], scale) for number, scale in asked]
        with ThreadPoolExecutor(12) as pool:
            once = list(pool.map(lambda one: written(llama.url, PROMPTS[one[0]], one[1]), asked))
    for one, *said in zip(asked, turns, once, strict=True):
        for answer in said:
            for mine, its in zip(answer.chances, alone[one].chances, strict=False):
                assert max(abs(mine[token] - its[token]) for token in mine) < 0.15


def test_start_ask_verify_status_stop(machine: Machine) -> None:
    workspace = machine.workspace
    assert "the adapter loud is applied" in machine.start()
    told = workspace.json("status")
    server = told["server"]
    assert (server["state"], server["name"]) == ("ready", "llama.cpp")
    assert server["model_id"] == "F32+loud" and server["max_total_tokens"] == 2048
    assert (told["adapter"]["name"], told["adapter"]["state"]) == ("loud", "applied")
    steps = workspace.json("verify")["steps"]
    assert {step["result"] for step in steps} == {"ok"}
    names = ["file", "differs", "decoding", "alternating", "at once"]
    assert [step["name"] for step in steps] == names
    done = workspace.answer(question(1))
    assert (done["engine"], done["model"]) == ("server", "F32+loud")
    assert "already running" in machine.start()
    assert "llama.cpp is running" in workspace.fails(1, "start", "--server", "none")
    began = time.monotonic()
    assert workspace.run("stop").returncode == 0
    assert time.monotonic() - began < 10
    assert workspace.json("status", code=None)["server"]["state"] == "stopped"
    assert workspace.run("start").returncode == 0, "it comes back as it was"
    assert workspace.json("status")["server"]["model_id"] == "F32+loud"


def test_the_prompt_that_is_served_is_the_one_that_was_trained(machine: Machine) -> None:
    machine.start()
    told = post(machine.url, "/apply-template", {"messages": [{"role": "user", "content": "Где?"}]})
    assert told["prompt"] == render([Message("user", "Где?")])
    shown = machine.workspace.run("ask", "--show-prompt", question(1)).stdout
    assert "дополнительная информация:" in shown


def test_stop_does_not_wait_for_a_client(machine: Machine) -> None:
    workspace = machine.workspace
    machine.start()
    body = {"prompt": list(PROMPTS[0]), "n_predict": 2000, "ignore_eos": True}
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(post, machine.url, "/completion", body)
        while not any(slot["is_processing"] for slot in slots(machine.url)):
            time.sleep(0.01)
        began = time.monotonic()
        assert workspace.run("stop").returncode == 0
        assert time.monotonic() - began < 10
        assert waiting.exception(timeout=10) or waiting.done()


def slots(url: str) -> list[dict[str, bool]]:
    from urllib.request import urlopen

    with urlopen(f"{url}/slots") as reply:
        return list(json.load(reply))


def test_a_server_that_the_kernel_kills_is_told_as_that(machine: Machine) -> None:
    workspace = machine.workspace
    machine.start()
    os.kill(record(workspace)["pid"], signal.SIGKILL)
    server = workspace.json("status", code=3)["server"]
    assert server["state"] == "exited" and "ran out of memory" in server["reason"]
    assert workspace.answer(question(1))["engine"] == "extractive"
    machine.start()
    assert workspace.answer(question(1))["engine"] == "server"


def test_a_model_that_is_removed_while_it_runs_is_told_when_it_is_needed(machine: Machine) -> None:
    workspace = machine.workspace
    model = workspace.root / "copy.gguf"
    shutil.copy(machine.tiny / "F32.gguf", model)
    machine.start(model=str(model))
    model.unlink()
    assert workspace.answer(question(1))["engine"] == "server"
    assert f"there is no file {model}" in workspace.fails(1, "restart")
    assert workspace.answer(question(1))["engine"] == "server"


def record(workspace: Workspace) -> dict[str, int]:
    return dict(json.loads((workspace.state / "run" / "server.json").read_text()))


def test_an_architecture_that_llama_cpp_does_not_know_is_told(machine: Machine) -> None:
    model = write_gguf(machine.tiny / "model", machine.workspace.root / "x.gguf", name="mamba9")
    told = machine.workspace.fails(1, "start", *machine.words(model=str(model)))
    assert "this llama.cpp does not know models of the kind mamba9" in told


def test_verify_fails_where_the_ram_cache_is_on(machine: Machine) -> None:
    machine.misled('words[words.index("--cache-ram") + 1] = "8192"')
    machine.start()
    told = machine.workspace.run("verify")
    assert told.returncode == 1 and "a cache mixes them" in told.stderr
    assert machine.workspace.json("status", code=3)["adapter"]["state"] == "ignored"


def test_verify_fails_where_the_rows_of_b_are_not_in_the_order_of_the_base(
    machine: Machine,
) -> None:
    base = header.read(machine.tiny / "F32.gguf")
    heads = {"llama.attention.head_count": 32}  # halves of one row each: they stay where they are
    lora = machine.workspace.root / "loud.gguf"
    convert.convert(
        machine.tiny / "adapters" / "loud", replace(base, facts=base.facts | heads), lora
    )
    machine.misled(f'words[words.index("--lora") + 1] = {str(lora)!r}')
    assert "its answers are wrong" in machine.workspace.fails(1, "start", *machine.words())
    with in_its_place(machine, lora):
        told = machine.workspace.run("verify")
    assert told.returncode == 1 and "its answers are wrong" in told.stderr


def test_verify_fails_where_the_server_does_not_know_the_adapter(machine: Machine) -> None:
    """A request that names a number the server does not have is answered by the base, with 200."""
    machine.misled('place = words.index("--lora"); del words[place : place + 2]')
    told = machine.workspace.fails(1, "start", *machine.words())
    assert "has no adapter loud (it has: none)" in told
    with in_its_place(machine, None):
        told = machine.workspace.run("verify").stderr
    assert "has no adapter loud (it has: none)" in told


@contextmanager
def in_its_place(machine: Machine, lora: Path | None) -> Iterator[None]:
    """Another server where a right one was started, known and killed."""
    del machine.workspace.env["PATH"]
    machine.start()
    os.kill(record(machine.workspace)["pid"], signal.SIGKILL)
    port = int(machine.url.rpartition(":")[2])
    model, log = machine.tiny / "F32.gguf", machine.workspace.root / "llama.log"
    with serving(model, log, lora=lora, port=port):
        yield
