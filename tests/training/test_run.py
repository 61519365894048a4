"""opsctl train run: what it learns, leaves and refuses, and that a kill changes nothing of it."""

import json
import os
import resource
import shutil
import signal
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from indexer.lock import writer_lock
from opsctl.hub import adapter
from tests.training.running import NAME, RUN, Lab, heard
from tests.training.shell import Shell
from tests.workspace import Workspace, said
from training.adapter_files import CONFIG_KEYS
from training.rows import read_prepared, write_rows

STEPS, EVERY = 58, 10
SHORT = ("--epochs", "1", "--limit", "32", "--save-steps", "2", "--accumulate", "1")


@pytest.fixture
def copied(ended: Lab, tmp_path: Path) -> Lab:
    """The state after the run that ended, in another folder."""
    return _copy(ended, tmp_path)


@pytest.fixture
def fresh(prepared: Lab, tmp_path: Path) -> Lab:
    """Prepared rows in another folder, and no run."""
    lab = Lab(Workspace(tmp_path, dict(prepared.workspace.env)), prepared.base)
    shutil.copytree(prepared.data, lab.data)
    return lab


def test_an_adapter_learns_to_stop_where_the_base_goes_on(ended: Lab) -> None:
    record = ended.manifest
    assert record["best_eval_loss"] < 0.9 * record["base_eval_loss"]
    compared = ended.workspace.json("train", "compare", NAME, "--rows", "16", "--tokens", "120")
    assert compared["base"]["stopped"] <= 0.25
    assert compared["adapter"]["stopped"] >= 0.75
    assert compared["identical"] <= 0.25


def test_what_a_run_leaves(ended: Lab) -> None:
    facts = adapter.check(ended.adapter, layers=2, hidden=64)
    assert (facts.rank, facts.alpha, facts.zero) == (8, 32, False)
    config = json.loads((ended.adapter / "adapter_config.json").read_text())
    assert set(config) <= set(CONFIG_KEYS)
    assert str(ended.base) not in json.dumps(config)
    for path in ended.adapter.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
    record = ended.manifest
    assert record["adapter_sha256"] == facts.sha256 == ended.sha256()
    rows = len(read_prepared(ended.data / "train.jsonl"))
    counts = record["counts"]["train"]
    assert (counts["rows"], counts["samples"], counts["too_long"]) == (rows, rows, 0)
    assert record["dtype"] == record["adapter_dtype"] == "float32"
    sample = (ended.run / "first_sample.txt").read_text()
    first = read_prepared(ended.data / "train.jsonl")[0]
    assert sample.startswith("<s>") and first.question in sample
    assert sample.endswith(f">>>{first.answer}</s><<<\n")
    assert (ended.run / "loss.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in ended.run.rglob("*.part")) == []


def test_every_step_is_in_the_log_once(ended: Lab) -> None:
    steps = [step for step, kind, _ in ended.curve() if kind == "loss"]
    assert steps == list(range(1, STEPS + 1))
    held_out = [step for step, kind, _ in ended.curve() if kind == "eval_loss"]
    assert held_out == [*range(0, STEPS, EVERY), STEPS]
    tokens = [event["tokens"] for event in ended.log if "tokens" in event]
    assert tokens[-1] == 2 * ended.manifest["counts"]["train"]["tokens"]


def test_it_says_what_it_takes_how_it_goes_and_how_to_serve_it(ended: Lab) -> None:
    assert ended.told
    for words in (
        "rows ",
        "tokens ",
        f"{STEPS}, 0 done",
        "memory ",
        "tokens/s (measured)",
        "time ",
    ):
        assert words in ended.told.stdout
    assert f"serve it: opsctl train use {NAME} && opsctl restart" in ended.told.stdout
    assert f"step 50 of {STEPS}: loss" in ended.told.stderr


def test_killed_stopped_and_out_of_room_it_comes_to_the_same_bytes(ended: Lab, fresh: Lab) -> None:
    run = fresh.command(*RUN)
    with fresh.workspace.start(*run) as process:
        heard(process, "step 20 of")  # the checkpoint of this step is being written
        process.kill()
    full = replace(fresh.workspace, options={"preexec_fn": _files_up_to(30_000)})
    told = full.run(*run)
    assert told.returncode == 1 and "fault of opsctl" not in told.stderr
    assert "can not be written" in told.stderr and "it goes on" in told.stderr
    with fresh.workspace.start(*run) as process:
        heard(process, "step 30 of")
        process.send_signal(signal.SIGTERM)
        _, rest = process.communicate()
    assert process.returncode == 130
    assert "the same command goes on" in rest and "Traceback" not in rest
    done = fresh.workspace.run(*run)
    assert done.returncode == 0, done
    assert ", 0 done" not in done.stdout
    assert fresh.sha256() == ended.sha256()
    assert fresh.curve() == ended.curve()


def test_a_checkpoint_that_is_not_whole_is_passed_over(ended: Lab, copied: Lab) -> None:
    newest = copied.run / "checkpoints" / f"checkpoint-{STEPS}"
    os.truncate(newest / "optimizer.pt", 1000)
    (copied.run / "manifest.json").unlink()
    shutil.rmtree(copied.adapter)
    done = copied.workspace.run(*copied.command(*RUN))
    assert done.returncode == 0, done
    assert "50 done" in done.stdout
    assert copied.sha256() == ended.sha256()
    assert copied.curve() == ended.curve()


def test_a_run_that_has_ended_says_so_and_changes_nothing(copied: Lab, shell: Shell) -> None:
    before = _times(copied.workspace.state)
    again = shell.run(copied.workspace.state, *copied.command(*RUN))
    assert again.returncode == 0 and "has ended before" in again.stderr, again
    assert f"opsctl train use {NAME}" in again.stdout
    assert _times(copied.workspace.state) == before
    shutil.rmtree(copied.adapter)
    assert shell.run(copied.workspace.state, *copied.command(*RUN)).returncode == 0
    assert copied.sha256() == copied.manifest["adapter_sha256"]


def test_the_same_name_with_something_else_is_refused(copied: Lab, shell: Shell) -> None:
    state = copied.workspace.state
    told = said(shell.run(state, *copied.command(*RUN, "--rank", "4")))
    assert "--rank 8, not 4" in told and "--anew" in told
    other = said(shell.run(state, *copied.command(*RUN)[:3], str(copied.base / "model"), *RUN,
                           "--base", "fp16"))  # fmt: skip
    assert "--base gptq, not fp16" in other
    rows = read_prepared(copied.data / "train.jsonl")
    write_rows(copied.data / "train.jsonl", rows[1:])
    assert "another data" in said(shell.run(state, *copied.command(*RUN)))
    old = copied.sha256()
    assert shell.run(state, *copied.command(*SHORT, "--anew")).returncode == 0
    assert copied.sha256() != old
    assert copied.manifest["steps"] == 4


def test_a_dry_run_writes_nothing(fresh: Lab, shell: Shell) -> None:
    before = _times(fresh.workspace.state)
    told = shell.run(fresh.workspace.state, *fresh.command(*RUN, "--dry-run"))
    assert told.returncode == 0 and "tokens/s" in told.stdout, told
    assert _times(fresh.workspace.state) == before


def test_a_long_run_is_not_started_unasked(fresh: Lab, shell: Shell) -> None:
    run = fresh.command("--epochs", "1000000")
    told = shell.run(fresh.workspace.state, *run)
    assert told.returncode == 1 and "--yes" in told.stderr and "would take" in told.stderr
    assert not fresh.run.exists()


def test_a_run_without_gain_stops_early_and_keeps_its_best(fresh: Lab, shell: Shell) -> None:
    flags = ("--epochs", "9", "--limit", "64", "--accumulate", "1", "--save-steps", "2")
    run = fresh.command(*flags, "--lr", "0.9", "--patience", "2")
    assert shell.run(fresh.workspace.state, *run).returncode == 0
    losses = {step: loss for step, kind, loss in fresh.curve() if kind == "eval_loss" and step}
    best, record = min(losses, key=lambda step: losses[step]), fresh.manifest
    assert record["steps"] == max(losses) == best + 4 < 72
    assert (record["best_step"], record["best_eval_loss"]) == (best, losses[best])
    kept = fresh.run / "checkpoints" / f"checkpoint-{best}" / "adapter_model.safetensors"
    assert kept.read_bytes() == (fresh.adapter / kept.name).read_bytes()


def test_one_process_at_a_time_works_on_a_run(fresh: Lab, shell: Shell) -> None:
    fresh.run.parent.mkdir(parents=True)
    with writer_lock(fresh.run.parent / f".{NAME}.lock"):
        told = said(shell.run(fresh.workspace.state, *fresh.command(*RUN)))
    assert f"the run {NAME} is at work: process {os.getpid()}" in told


def test_an_adapter_of_somebody_else_is_not_overwritten(fresh: Lab, shell: Shell) -> None:
    fresh.adapter.mkdir(parents=True)
    told = said(shell.run(fresh.workspace.state, *fresh.command(*RUN)))
    assert "is there already" in told and "--name" in told
    assert not any(fresh.adapter.iterdir())


def test_rows_that_can_not_be_learned_are_told(fresh: Lab, shell: Shell) -> None:
    def told(*flags: str) -> str:
        return said(shell.run(fresh.workspace.state, *fresh.command(*flags)))

    assert "do not fit into 100 tokens" in told("--length", "100")
    assert "--length" in told("--length", "100")
    absent = str(fresh.workspace.root / "absent")
    assert "opsctl train prepare" in told("--data", absent)
    report = fresh.data / "report.json"
    marked = {**json.loads(report.read_text()), "as_published": True}
    report.write_text(json.dumps(marked))
    assert "published rules" in told() and "--as-published" in told()
    assert "do not fit" in told("--as-published", "--length", "100")
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
        (("--name", "a/b"), "can not be a run's name"),
        (("--name", "zero"), "zero"),
        (("--batch", "0"), "--batch is 0"),
        (("--lr", "7"), "--lr"),
        (("--dropout", "1"), "--dropout"),
        (("--device", "tpu"), "there is no device 'tpu'"),
        (("--base", "int8"), "there is no base 'int8'"),
        (("--length", "99999"), "takes 4096 tokens"),
    ],
)
def test_wrong_usage_is_told(
    prepared: Lab, shell: Shell, flags: tuple[str, ...], words: str
) -> None:
    done = shell.run(prepared.workspace.state, *prepared.command(*flags))
    assert done.returncode in (1, 2)
    assert words in said(done, hint="hint: " in done.stderr)


def _copy(lab: Lab, folder: Path) -> Lab:
    copy = replace(lab, workspace=Workspace(folder, dict(lab.workspace.env)))
    shutil.copytree(lab.workspace.state, copy.workspace.state)
    return copy


def _files_up_to(size: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def _times(folder: Path) -> dict[str, int]:
    """All files and folders with when they were written; locks are no content."""
    paths = (path for path in folder.rglob("*") if path.suffix != ".lock" and path.is_file())
    return {str(path): path.stat().st_mtime_ns for path in paths}
