"""The log of the model server: recorded starts and failures, in each form that TGI writes."""

import json

import pytest

from opsctl.tgi.causes import CAUSES
from opsctl.tgi.log import TGI_LOG, Entry, kv_tokens, parse
from tests.fakes.server_log import lines as log

classify, classify_before, phase = TGI_LOG.classify, TGI_LOG.classify_before, TGI_LOG.phase
MOMENT = "2026-01-02T10:20:30.123456Z"
ADAPTER = "/data/adapters/ggeorge--qlora-mistral-hackatone-yandexq"
# log, exit code (None: it runs), cause, a word of the sentence, a word of the fix
FAILURES: list[tuple[str, int | None, str, str, str]] = [
    ("tini", 126, "program", "/e failed: Permission denied", "OPSCTL_IMAGE"),
    ("gptq_lora", 1, "gptq-lora", "GPTQ", "tgi_shim"),
    ("gptq_lora_t4", 1, "gptq-lora", "GPTQ", "tgi_shim"),
    ("shim_refused", 1, "shim-refused", "made for TGI 3.3.7", "OPSCTL_IMAGE"),
    ("adapter_off", None, "adapter-off", "CUDA graphs", "CUDA_GRAPHS=0"),
    ("prefill_memory", 1, "prefill-memory", "2048 prefill tokens", "MAX_BATCH_PREFILL_TOKENS"),
    ("kv_memory", 1, "kv-memory", "KV cache", "MAX_TOTAL_TOKENS"),
    ("start_memory", 1, "start-memory", "before the server was ready", "opsctl vram"),
    ("all_memory", None, "all-memory", "by design", "CUDA_MEMORY_FRACTION"),
    ("died", 1, "answer-memory", "while the server answered", "opsctl restart"),
    ("illegal", 1, "died", "illegal memory access", "opsctl restart"),
    ("no_driver", 1, "no-gpu", "no GPU", "nvidia-container-toolkit"),
    ("no_gpu", 1, "no-gpu", "no GPU", "nvidia-container-toolkit"),
    ("no_kernel", 1, "no-kernel", "too new or too old", "opsctl vram"),
    ("gated", 1, "gated", "token", "HF_TOKEN"),
    ("revision", 1, "revision", "revision", "REVISION"),
    ("disk", 1, "disk", "disk is full", "df -h"),
    ("network", 1, "network", "cannot be reached", "opsctl download"),
    ("download", 1, "download", "No .bin weights found for model TheBloke/", "opsctl download"),
    ("adapter_hub", 1, "download", "for model hackatone and revision main.", "LORA_ADAPTERS"),
    ("model_missing", 1, "model-missing", "at /data/models/nothing", "opsctl download"),
    ("model_weights", 1, "model-missing", "at /data/models/nosafe", "opsctl download"),
    ("template", None, "template", "no chat template", "opsctl download --verify"),
    ("roles", None, "request", "roles must alternate", "client"),
    ("too_long", None, "request", "must be <= 4096", "client"),
    ("overloaded", None, "overloaded", "MAX_CONCURRENT_REQUESTS", "wait"),
    ("loading", None, "starting", "loading the model", "opsctl logs -f"),
    ("warming_up", None, "starting", "warming up", "opsctl logs -f"),
    ("arguments", 2, "arguments", "'--disable-grammar-support'", "opsctl doctor"),
    ("limits", 1, "limits", "max_input_tokens", "opsctl doctor"),
    ("signal_9", 1, "memory", "RAM", "free -h"),
    ("signal_6", 1, "crashed", "signal 6", "dmesg"),
    ("signal_4", 1, "instructions", "processor", "--server local"),
    ("signal_7", 1, "shared-memory", "shared memory", "NUM_SHARD=1"),
    ("port", 1, "port", "taken", "OPSCTL_SERVER_URL"),
    ("dtype", 1, "dtype", "DTYPE", "remove DTYPE"),
    ("adapter_missing", 1, "adapter-missing", "/data/adapters/nothing", "opsctl download"),
    ("adapter_weights", 1, "adapter-missing", f"at {ADAPTER}", "opsctl download"),
    ("adapter_config", 1, "adapter-load", f"{ADAPTER}: JSONDecodeError", "opsctl download ad"),
    ("adapter_cut", 1, "adapter-load", f"{ADAPTER}: SafetensorError", "opsctl download adapter"),
    ("adapter_format", 1, "adapter-format", "hackatone=/data/a=b", "LORA_ADAPTERS"),
    ("load", 1, "load", "MetadataIncompleteBuffer", "opsctl download --verify"),
    ("model_empty", 1, "load", "HeaderTooSmall", "opsctl download --verify"),
    ("model_config", 1, "load", "badcfg/config.json' is not a valid JSON file.", "--verify"),
    ("no_tokenizer", 1, "tokenizer", "no tokenizer", "opsctl download --verify"),
    ("forward", None, "forward", "Prefill", "opsctl logs"),
    ("stopped", 0, "stopped", "was stopped", "opsctl start"),
    ("stopped", 143, "stopped", "was stopped", "opsctl start"),
    ("stopped", 137, "stop-time", "while it finished", "opsctl stop"),
    ("loading", 137, "killed", "was killed", "free -h"),
    ("localtgi_files", 1, "localtgi-files", "there is no folder", "opsctl download"),
    ("localtgi_adapter", 1, "localtgi", "does not fit the model", "opsctl logs"),
    ("panic", 101, "panic", "called `Option::unwrap()` on a `None` value", "opsctl logs"),
    ("nvidia_smi", 1, "nvidia-smi", "crashed on what nvidia-smi told it", "nvidia-smi"),
    ("ready", None, "unknown", "no error", "opsctl logs"),
]


@pytest.mark.parametrize(("name", "code", "cause", "word", "fix"), FAILURES)
def test_each_failure_has_a_cause(
    name: str, code: int | None, cause: str, word: str, fix: str
) -> None:
    found = classify(log(name), code)
    assert found.name == cause, found
    assert word in found.sentence
    assert fix in found.fix
    assert "not-for-the-log" not in found.sentence
    assert not {"\n", "{"} & set(found.sentence)


def test_no_rule_is_without_a_recorded_log() -> None:
    assert set(CAUSES) <= {cause for _, _, cause, _, _ in FAILURES}


def test_docker_knows_that_memory_ran_out() -> None:
    assert classify(log("loading"), 137, oom_killed=True).name == "memory"


def test_of_a_container_that_was_started_again_the_last_run_counts() -> None:
    assert classify(log("disk") + log("dtype"), 1).name == "dtype"
    assert classify(log("dtype") + log("ready"), None).sentence == "its log shows no error"


def test_lack_of_memory_after_the_warm_up_is_another_cause_than_before() -> None:
    fault = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB."
    assert classify([*log("warming_up"), fault], 1).name == "start-memory"
    assert classify([*log("ready"), fault], 1).name == "answer-memory"


def test_a_server_that_answered_much_was_ready_though_its_start_is_not_to_be_seen() -> None:
    for name, cause in (("died", "answer-memory"), ("illegal", "died"), ("signal_6", "crashed")):
        started, end = log("start"), log(name)[len(log("start")) :]
        assert classify([*started, *log("success") * 600, *end][-500:], 1).name == cause


def test_the_end_of_the_run_before_is_told_of_one_that_docker_started_again() -> None:
    again = log("loading")
    for name in ("load", "signal_9", "adapter_cut", "died"):
        before = classify_before(log("ready") + log(name) + again)
        assert before == classify(log(name), 1)
        beginning_lost = classify_before((log(name) + again)[1:])
        assert beginning_lost and beginning_lost.name == before.name
    assert classify_before(again) is None
    assert classify_before(log("stopped") + again) is None, "Docker itself was stopped"


def test_words_in_the_box_of_a_traceback_are_no_cause() -> None:
    """The box shows lines of source that raise other errors."""
    for name in ("load", "no_tokenizer", "adapter_missing"):
        assert any("Only 1 can be set between `dtype`" in line for line in log(name))


def test_what_is_not_known_is_quoted_without_secrets() -> None:
    token = "hf_" + "a" * 34
    cause = classify(["hello", f"Error: no luck with {token}", "bye"], 7)
    assert cause.sentence == (
        "the server ended with exit code 7; it last said: Error: no luck with [redacted]"
    )
    assert classify(["hello", "bye"], 7).sentence.endswith("it last said: bye")
    assert classify([], 7).sentence == "the server ended with exit code 7 and said nothing"
    assert len(classify(["Error: " + "x" * 5000], 7).sentence) < 400


@pytest.mark.parametrize("name", ["ready", "ready_text"])
def test_a_start_goes_through_its_phases(name: str) -> None:
    entries = [parse(line) for line in log(name)]
    phases = [found for entry in entries if (found := phase(entry.message))]
    assert list(dict.fromkeys(phases)) == [
        "download", "shard", "adapters", "webserver", "warm-up", "ready",
    ]  # fmt: skip
    told = [tokens for entry in entries if (tokens := kv_tokens(entry.message))]
    assert told == [375168 if name == "ready" else 16200]


def test_localtgi_has_phases_too() -> None:
    assert [phase(parse(line).message) for line in log("localtgi")] == [
        "shard", "adapters", "adapters", "ready",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        (
            json.dumps(
                {"timestamp": MOMENT, "level": "INFO", "fields": {"message": "Starting shard"}}
            ),
            Entry(MOMENT, "INFO", "Starting shard"),
        ),
        (
            json.dumps({"timestamp": MOMENT, "level": "WARN", "message": "a\nb", "target": "x"}),
            Entry(MOMENT, "WARN", "a\nb"),
        ),
        (
            f"\x1b[2m{MOMENT}\x1b[0m \x1b[31mERROR\x1b[0m \x1b[1mshard-manager\x1b[0m: "
            "\x1b[2mtext_generation_launcher\x1b[0m: Shard 0 crashed\r\n",
            Entry(MOMENT, "ERROR", "Shard 0 crashed"),
        ),
        (
            f"{MOMENT}  INFO text_generation_router::server: router/src/server.rs:2302: Connected",
            Entry(MOMENT, "INFO", "Connected"),
        ),
        (
            f"{MOMENT} ERROR generate{{parameters=GenerateParameters {{ stop: [], adapter_id:"
            ' Some("zero") }}:generate:generate_stream: text_generation_router::infer:'
            " router/src/infer/mod.rs:118: no permits available",
            Entry(MOMENT, "ERROR", "no permits available"),
        ),
        (f"{MOMENT}  WARN a line: of another", Entry(MOMENT, "WARN", "a line: of another")),
        ("Error: ShardCannotStart\n", Entry(None, None, "Error: ShardCannotStart")),
        ('{"no": "message"}', Entry(None, None, '{"no": "message"}')),
        ('{"message": {"deep": 1}, "fields": 3}', None),
        ('{"cut": "off', None),
        ("[1, 2]", None),
        ("", None),
    ],
)
def test_a_line_is_read_whatever_its_form(line: str, entry: Entry | None) -> None:
    assert parse(line) == (entry or Entry(None, None, line))
