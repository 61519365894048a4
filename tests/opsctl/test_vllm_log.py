"""The log of vLLM 0.29: real starts and failures, recorded, without their tracebacks' frames."""

from pathlib import Path

import pytest

from opsctl.vllm.log import VLLM_LOG

classify, phase = VLLM_LOG.classify, VLLM_LOG.phase
LOGS = Path(__file__).resolve().parents[1] / "fakes" / "server_logs" / "vllm"
# the log and its cause, a word of the sentence, a word of the fix
FAILURES = [
    ("no-model", "no model at /srv/faulty/none", "opsctl download"),
    ("config", "config.json is damaged", "opsctl download --verify"),
    ("load", "incomplete metadata", "opsctl download --verify"),
    ("quantization", "Unknown quantization method: foo4", "--model DIR"),
    ("context", "is 65536, and the model takes 32768 at most", "MAX_TOTAL_TOKENS"),
    ("adapter-rank", "rank 32, and the server was started for 8", "opsctl restart"),
    ("adapter-missing", "/srv/tiny/adapters/none", "opsctl download"),
    ("port", "taken", "OPSCTL_SERVER_URL"),
    ("engine", "cpu_gemm_wna16", "opsctl restart"),
    ("engine-killed", "ran out of memory", "free -h"),
    ("stopped", "was stopped", "opsctl start"),
]
# What no machine here can be made to say, as the sources of vLLM have it.
TEXTS = [
    (
        "ValueError: Free memory on device cuda:0 (3.1/23.6 GiB) on startup is less than desired"
        " GPU memory utilization (0.9, 21.2 GiB). Decrease GPU memory utilization or reduce GPU"
        " memory used by other processes.",
        "busy-gpu",
        "has 3.1 GiB free, and the server is to take 21.2",
    ),
    (
        "ValueError: To serve at least one request with the model's max seq len (4096), (0.5 GiB KV"
        " cache is needed, which is larger than the available KV cache memory (0.1 GiB).",
        "kv-memory",
        "MAX_TOTAL_TOKENS 4096",
    ),
    ("ValueError: No available memory for the cache blocks.", "kv-memory", "KV cache"),
    ("torch.OutOfMemoryError: CUDA out of memory. Tried to", "memory", "GPU ran out"),
    ("RuntimeError: Failed to infer device type, please set", "no-gpu", "no GPU"),
    (
        "ValueError: GPTQ group activation ordering (desc_act=True) is no longer supported",
        "act-order",
        "no longer supported",
    ),
    ("vllm: error: unrecognized arguments: --x", "arguments", "unrecognized arguments: --x"),
]


@pytest.mark.parametrize(("name", "sentence", "fix"), FAILURES, ids=[row[0] for row in FAILURES])
def test_a_recorded_failure_is_told_by_its_cause(name: str, sentence: str, fix: str) -> None:
    cause = classify((LOGS / f"{name}.log").read_text().splitlines(), 1)
    assert cause.name == name and sentence in cause.sentence and fix in cause.fix


@pytest.mark.parametrize(("text", "name", "sentence"), TEXTS, ids=[row[1] for row in TEXTS])
def test_what_vllm_says_of_a_gpu_is_known(text: str, name: str, sentence: str) -> None:
    head = "(EngineCore pid=7) ERROR 11-30 02:00:00 [core.py:1374] "
    cause = classify([f"{head}{text}"], 1)
    assert cause.name == name and sentence in cause.sentence


def test_the_phases_of_a_real_start_come_in_their_order() -> None:
    lines = (LOGS / "stopped.log").read_text().splitlines()
    found = [reached for line in lines if (reached := phase(line))]
    order = ["download", "shard", "warm-up", "adapters", "webserver", "ready"]
    assert list(dict.fromkeys(found)) == order


def test_a_request_that_failed_is_no_failure_of_the_server() -> None:
    cause = classify((LOGS / "stopped.log").read_text().splitlines(), None)
    assert cause.sentence == "its log shows no error"


def test_a_server_that_said_nothing_is_told_so() -> None:
    assert classify([], 1).sentence == "the server ended and said nothing"


def log(name: str) -> list[str]:
    return (LOGS / f"{name}.log").read_text().splitlines()


def test_of_a_container_that_was_started_again_the_last_run_counts() -> None:
    again = [*log("engine-killed"), *log("load")]
    assert classify(again, 1).name == "load"
    before = VLLM_LOG.classify_before(again)
    assert before and before.name == "engine-killed"
    assert VLLM_LOG.classify_before(log("load")) is None
    assert VLLM_LOG.classify_before(log("stopped") * 2) is None, "Docker itself was stopped"
