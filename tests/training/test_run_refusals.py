"""opsctl train run: what it refuses, in a sentence each, and what it asks before it starts."""

import json
import os
import pty
from dataclasses import replace

import pytest

from core.lock import writer_lock
from tests.training.running import NAME, RUN, Lab, times
from tests.workspace import said
from training.data.rows import read_prepared, write_rows

SHORT = ("--epochs", "1", "--limit", "32", "--save-steps", "2", "--accumulate", "1")
WITHOUT_BITSANDBYTES = """
from importlib.machinery import PathFinder

find = PathFinder.find_spec
PathFinder.find_spec = lambda name, *where: None if name == "bitsandbytes" else find(name, *where)
"""


def test_the_same_name_with_something_else_is_refused(copied: Lab) -> None:
    run = copied.workspace.run
    told = said(run(*copied.command(*RUN, "--rank", "16")))
    assert "--rank 8, not --rank 16" in told and "--start-over" in told
    other = said(run(*copied.command(*RUN)[:3], str(copied.base / "model"), *RUN,
                           "--base", "fp16"))  # fmt: skip
    assert "--base gptq, not --base fp16" in other
    fewer = said(run(*copied.command(*RUN, "--limit", "9")))
    assert "no --limit, not --limit 9" in fewer
    rows = read_prepared(copied.data / "train.jsonl")
    write_rows(copied.data / "train.jsonl", rows[1:])
    assert "another data" in said(run(*copied.command(*RUN)))
    old = copied.sha256()
    assert run(*copied.command(*SHORT, "--start-over")).returncode == 0
    assert copied.sha256() != old
    assert copied.manifest["steps"] == 4


def test_a_dry_run_writes_nothing(fresh: Lab) -> None:
    before = times(fresh.workspace.state)
    told = fresh.workspace.run(*fresh.command(*RUN, "--dry-run"))
    assert told.returncode == 0 and "tokens/s" in told.stdout, told
    assert times(fresh.workspace.state) == before


def test_a_long_run_is_not_started_unasked(fresh: Lab) -> None:
    run = fresh.command("--epochs", "1000000")
    told = fresh.workspace.run(*run)
    assert told.returncode == 1 and "--yes" in told.stderr and "would take" in told.stderr
    assert not fresh.run.exists()


def test_a_person_is_asked_before_a_long_run(fresh: Lab) -> None:
    person, terminal = pty.openpty()
    asked = replace(fresh.workspace, options={"stdin": terminal})
    os.write(person, b"n\n")
    told = asked.run(*fresh.command("--epochs", "1000000"))
    assert told.returncode == 1 and "would take" in told.stderr and "Start it?" in told.stderr
    assert not fresh.run.exists()


def test_a_package_that_is_not_installed_is_named(fresh: Lab) -> None:
    (fresh.workspace.root / "sitecustomize.py").write_text(WITHOUT_BITSANDBYTES)
    env = {"PYTHONPATH": str(fresh.workspace.root)}
    run = ("train", "run", "--base", "nf4", "--model", str(fresh.base / "model"))
    done = fresh.workspace.run(*run, env=env)
    assert "needs the extra `train` (bitsandbytes is not installed)" in done.stderr
    assert done.stderr.endswith(" install EXTRAS=train\n")


def test_one_process_at_a_time_works_on_a_run(fresh: Lab) -> None:
    fresh.run.parent.mkdir(parents=True)
    with writer_lock(fresh.run.parent / f".{NAME}.lock"):
        told = said(fresh.workspace.run(*fresh.command(*RUN)))
    assert f"the run {NAME} is in progress: process {os.getpid()}" in told


def test_an_adapter_of_somebody_else_is_not_overwritten(fresh: Lab) -> None:
    fresh.adapter.mkdir(parents=True)
    told = said(fresh.workspace.run(*fresh.command(*RUN)))
    assert "exists already" in told and "--name" in told
    assert not any(fresh.adapter.iterdir())


def test_the_name_of_an_adapter_that_is_declared_is_refused(fresh: Lab) -> None:
    tgi_env = fresh.workspace.root / "deploy" / "tgi.env"
    tgi_env.parent.mkdir()
    tgi_env.write_text("LORA_ADAPTERS=published=/data/adapters/somebody--else\n")
    told = fresh.workspace.fails(1, *fresh.command("--name", "published"))
    assert "declared" in told and "another --name" in told
    assert not fresh.run.with_name("published").exists()


def test_rows_that_can_not_be_learned_are_told(fresh: Lab) -> None:
    def told(*flags: str) -> str:
        return said(fresh.workspace.run(*fresh.command(*flags)))

    assert "do not fit into 100 tokens" in told("--length", "100")
    assert "--length" in told("--length", "100")
    absent = str(fresh.workspace.root / "absent")
    assert "opsctl train prepare" in told("--data", absent)
    report = fresh.data / "report.json"
    marked = {**json.loads(report.read_text()), "as_published": True}
    report.write_text(json.dumps(marked))
    assert "published rules" in told()
    report.write_text(json.dumps({**marked, "as_published": False}))
    (fresh.data / "eval.jsonl").write_text("")
    assert "eval.jsonl holds no rows" in told()
    (fresh.data / "train.jsonl").write_text("")
    assert "train.jsonl holds no rows" in told()
    (fresh.data / "train.jsonl").unlink()
    assert "opsctl train prepare" in told()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--name", "a/b"), "cannot be a run's name"),
        (("--name", "zero"), "zero"),
        (("--batch", "0"), "--batch is 0"),
        (("--epochs", "0"), "--epochs is 0, and must be 1 or more"),
        (("--rank", "3"), "TGI would pad"),
        (("--seed", str(1 << 32)), "must be below"),
        (("--rank", "16000000000", "--name", "huge"), "no room for the run"),
        (("--lr", "7"), "--lr"),
        (("--lr", "nan"), "--lr is nan"),
        (("--dropout", "1"), "--dropout"),
        (("--device", "tpu"), "there is no device 'tpu'"),
        (("--base", "int8"), "there is no base 'int8'"),
        (("--length", "99999"), "takes 4096 tokens"),
    ],
)
def test_wrong_usage_is_told(prepared: Lab, flags: tuple[str, ...], words: str) -> None:
    done = prepared.workspace.run(*prepared.command(*flags))
    assert done.returncode in (1, 2)
    assert words in said(done, hint="hint: " in done.stderr)
