"""What vLLM says when it fails, what that means, and what helps: the texts are those of 0.29.0.

The first rule that fits wins, so the more telling ones stand first.
"""

from opsctl.server.log import ENV, Rule

LESS = (
    "opsctl vram --server vllm shows what fits; lower CUDA_MEMORY_FRACTION or MAX_TOTAL_TOKENS"
    f" {ENV}"
)
WAYS = "docs/vllm.md tells the ways on"

RULES = (
    Rule(
        "arguments",
        r"^vllm(?: serve)?: error: (?P<text>.*)",
        "this vLLM does not know what it is started with: {text}",
        "use vLLM 0.29.0: OPSCTL_VLLM names its program",
    ),
    Rule(
        "act-order",
        r"(?P<text>GPTQ group activation ordering.*no longer supported)",
        "this release of vLLM does not load the model: {text}",
        f"pin vLLM 0.29.0, or another model: {WAYS}",
    ),
    Rule(
        "quantization",
        r"(?P<text>Unknown quantization method[^\n]*"
        r"|Quantization method specified in the model config[^\n]*"
        r"|[\w.]+ is not supported for quantization method[^\n]*?)(?: \[type=|$)",
        "vLLM cannot read how the model is quantised: {text}",
        "opsctl download --verify, or another model: opsctl start --server vllm --model DIR",
    ),
    Rule(
        "context",
        r"User-specified max_model_len \((?P<text>\d+)\) is greater than the derived max_model_len"
        r" \([^=]*=(?P<other>\d+)",
        "MAX_TOTAL_TOKENS is {text}, and the model takes {other} at most",
        f"lower MAX_TOTAL_TOKENS {ENV}",
    ),
    Rule(
        "adapter-rank",
        r"LoRA rank (?P<text>\d+) is greater than max_lora_rank (?P<other>\d+)",
        "an adapter has rank {text}, and the server was started for {other} at most",
        "opsctl restart --server vllm looks at the adapters again",
    ),
    Rule(
        "adapter-missing",
        r"No adapter found for (?P<text>/[^\s']+)",
        "there is no complete adapter at {text}",
        f"opsctl download, or fix LORA_ADAPTERS {ENV}",
    ),
    Rule(
        "busy-gpu",
        r"Free memory on device \S+ \((?P<text>[\d.]+)/[\d.]+ GiB\) on startup is less than desired"
        r" GPU memory utilization \([\d.]+, (?P<other>[\d.]+) GiB\)",
        "the GPU has {text} GiB free, and the server is to take {other}",
        LESS,
    ),
    Rule(
        "kv-memory",
        r"No available memory for the cache blocks"
        r"|To serve at least one request with the model's max seq len \((?P<text>\d+)\)",
        "the memory left for the KV cache holds no request of MAX_TOTAL_TOKENS {text}",
        f"lower MAX_TOTAL_TOKENS or raise CUDA_MEMORY_FRACTION {ENV}; opsctl vram --server vllm",
    ),
    Rule(
        "memory",
        r"CUDA out of memory|CUDA error: out of memory",
        "the GPU ran out of memory",
        LESS,
    ),
    Rule(
        "no-gpu",
        r"Failed to infer device type|No CUDA GPUs are available|Found no NVIDIA driver"
        r"|CUDA driver version is insufficient",
        "vLLM sees no GPU that it can use",
        "try nvidia-smi; without a GPU: opsctl start --server local",
    ),
    Rule(
        "port",
        r"[Aa]ddress already in use",
        "the port of the model server is taken by another program",
        "stop it, or choose another: OPSCTL_SERVER_URL=http://127.0.0.1:8081",
    ),
    Rule(
        "disk", r"No space left on device", "the disk is full", "df -h shows it; then: opsctl start"
    ),
    Rule(
        "config",
        r"It looks like the config file at '(?P<text>[^'{]+)' is not a valid JSON file",
        "{text} is damaged or cut short",
        "opsctl download --verify",
    ),
    Rule(
        "no-model",
        r"Repo id must be in the form [^\n]*: '(?P<text>[^']+)'",
        "there is no model at {text}",
        "opsctl download",
    ),
    Rule(
        "load",
        r"^\s*[\w.]*(?:Error|Exception): ",
        "vLLM did not start: {last}",
        "opsctl download --verify, then: opsctl logs server -n 300",
        where="start",
    ),
    Rule(
        "engine",
        r"WorkerProc hit an exception|EngineCore encountered a fatal error",
        "the server ran, then its engine failed: {last}",
        "opsctl restart; if it comes back: opsctl logs server -n 300",
        where="ready",
    ),
    Rule(
        "engine-killed",
        r"engine core exited unexpectedly|EngineDeadError",
        "the engine of the server was killed, most often because the machine ran out of memory",
        "free -h shows the memory; then: opsctl restart",
        where="ready",
    ),
    Rule(
        "stopped",
        r"Application shutdown complete",
        "the server was stopped",
        "opsctl start",
        when="ended",
    ),
)
