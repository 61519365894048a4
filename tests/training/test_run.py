"""opsctl train run: what it learns and leaves, and that a kill changes nothing of it."""

import json
import os
import pty
import shutil
import signal
import stat
from dataclasses import replace
from functools import partial

import pytest

from opsctl.hub import adapter
from tests.limits import limit_file_size
from tests.training.running import NAME, RUN, Lab, heard, times
from training.data.rows import Row, read_prepared, write_rows
from training.model.adapter_files import CONFIG_KEYS

STEPS, EVERY = 58, 10


def test_what_a_run_leaves(ended: Lab) -> None:
    assert ended.manifest["best_eval_loss"] < 0.9 * ended.manifest["base_eval_loss"]
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
    full = replace(fresh.workspace, options={"preexec_fn": partial(limit_file_size, 30_000)})
    told = full.run(*run)
    assert told.returncode == 1 and "fault of opsctl" not in told.stderr
    assert "cannot be written" in told.stderr and "it continues" in told.stderr
    with fresh.workspace.start(*run) as process:
        heard(process, "step 30 of")
        process.send_signal(signal.SIGTERM)
        _, rest = process.communicate()
    assert process.returncode == 130
    assert "stopping: a checkpoint is saved after this step" in rest
    assert "saved after its last step; the same command continues" in rest
    assert "Traceback" not in rest
    done = fresh.workspace.run(*run)
    assert done.returncode == 0, done
    assert ", 0 done" not in done.stdout
    assert fresh.sha256() == ended.sha256()
    assert fresh.curve() == ended.curve()


def test_interrupted_twice_it_stops_at_once_and_does_not_say_that_it_saved(fresh: Lab) -> None:
    person, terminal = pty.openpty()
    os.write(person, b"y\n")  # to the question whether to start a run of days
    asked = replace(fresh.workspace, options={"stdin": terminal})
    long = ("--epochs", "1000000", "--batch", "64", "--accumulate", "8")
    with asked.start(*fresh.command(*long), fresh=True) as process:
        heard(process, "the base: held-out loss")  # and then a step of seconds
        process.send_signal(signal.SIGINT)
        heard(process, "stopping: ")
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate()
    assert process.returncode == 130
    assert "stopped at once" in rest and "saved after" not in rest and "Traceback" not in rest
    assert not any(fresh.run.glob("checkpoints/*"))


@pytest.mark.parametrize("parts", [("8", "1"), ("2", "4")])
def test_each_token_of_the_answers_counts_alike(fresh: Lab, parts: tuple[str, str]) -> None:
    """The loss that is watched, of the base, and the one that the first step learns from."""
    rows = read_prepared(fresh.data / "train.jsonl")[:8]
    uneven = [
        Row(row.question, row.description, row.answer[: 40 + 50 * number])
        for number, row in enumerate(rows)
    ]
    for name in ("train.jsonl", "eval.jsonl"):
        write_rows(fresh.data / name, uneven)
    size = ("--batch", parts[0], "--accumulate", parts[1], "--epochs", "1", "--dropout", "0")
    assert fresh.workspace.run(*fresh.command(*size, "--lr", "0.1")).returncode == 0
    watched, learned, after = [value for _, _, value in fresh.curve()]
    assert learned == pytest.approx(watched, abs=1e-4)
    assert after < watched - 0.01  # even a single step is no warm-up of rate 0


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


def test_an_adapter_that_was_removed_is_written_again(copied: Lab) -> None:
    shutil.rmtree(copied.adapter)
    assert copied.workspace.run(*copied.command(*RUN)).returncode == 0
    assert copied.sha256() == copied.manifest["adapter_sha256"]
    shutil.rmtree(copied.adapter)
    (copied.run / "log.jsonl").write_bytes(b"")  # a power cut
    done = copied.workspace.run(*copied.command(*RUN))
    assert done.returncode == 0 and copied.manifest["base_eval_loss"] is None, done


def test_a_run_that_has_ended_says_so_and_changes_nothing(copied: Lab) -> None:
    before = times(copied.workspace.state)
    again = copied.workspace.run(*copied.command(*RUN))
    assert again.returncode == 0 and "has ended before" in again.stderr, again
    assert f"opsctl train use {NAME}" in again.stdout
    assert times(copied.workspace.state) == before
    beyond_reason = copied.command(*RUN[2:], "--epochs", "1000000", "--start-over")
    assert "--yes" in copied.workspace.run(*beyond_reason).stderr
    assert times(copied.workspace.state) == before
    shutil.rmtree(copied.run / "checkpoints")
    assert "has ended" in copied.workspace.run(*copied.command(*RUN)).stderr


def test_a_run_without_gain_stops_early_and_keeps_its_best(fresh: Lab) -> None:
    flags = ("--epochs", "9", "--limit", "64", "--accumulate", "1", "--save-steps", "2")
    run = fresh.command(*flags, "--lr", "0.9", "--patience", "2")
    assert fresh.workspace.run(*run).returncode == 0
    losses = {step: loss for step, kind, loss in fresh.curve() if kind == "eval_loss" and step}
    best, record = min(losses, key=lambda step: losses[step]), fresh.manifest
    assert record["steps"] == max(losses) == best + 4 < 72
    assert (record["best_step"], record["best_eval_loss"]) == (best, losses[best])
    kept = fresh.run / "checkpoints" / f"checkpoint-{best}" / "adapter_model.safetensors"
    assert kept.read_bytes() == (fresh.adapter / kept.name).read_bytes()
