"""What the model server says when it fails, what that means, and what helps.

The texts are TGI 3.3.7's own. The first rule that fits wins, so the more telling ones stand first.
"""

from opsctl.server.log import ENV, Rule

LESS_MEMORY = (
    f"lower MAX_BATCH_PREFILL_TOKENS, then MAX_TOTAL_TOKENS {ENV}; opsctl vram shows who holds"
    " the memory and what fits"
)


_RULES = (
    Rule(
        "arguments",
        r"^error: (?P<text>(?:.|\n(?=  ))*)",
        "TGI refuses a value: {text}",
        "opsctl doctor names the line",
        code=2,
    ),
    Rule(
        "limits",
        r"ArgumentValidation\(\"(?P<text>.*?)\"\)",
        "TGI refuses the limits: {text}",
        f"fix them {ENV}; opsctl doctor checks every line",
    ),
    Rule(
        "program",
        r"\[FATAL tini \(\d+\)\] exec (?P<text>.+)",
        "the image cannot be started: {text}",
        "remove OPSCTL_IMAGE from .env, then: opsctl start",
        when="ended",
    ),
    Rule(
        "no-gpu",
        r"Could not import Flash Attention enabled models|Cannot determine GPU compute capability"
        r"|Detected system cpu|Found no NVIDIA driver|CUDA driver version is insufficient",
        "the container sees no GPU that it can use",
        "try nvidia-smi; then install nvidia-container-toolkit and restart Docker; opsctl doctor",
        where="start",
    ),
    Rule(
        "no-kernel",
        r"no kernel image is available",
        "the pinned image has no kernel for this GPU, which is too new or too old for it",
        "use a GPU of compute capability 8.0 to 9.0 (opsctl vram shows yours)",
    ),
    Rule(
        "disk",
        r"No space left on device",
        "the disk is full",
        "free some space (df -h shows it), then: opsctl start",
    ),
    Rule(
        "gated",
        r"GatedRepoError|Access to model .* is restricted|(?:401|403) Client Error",
        "the Hub does not give out the model: it is gated, or the token is missing or wrong",
        "accept its terms on the Hub, put HF_TOKEN into .env, then: opsctl download",
    ),
    Rule(
        "revision",
        r"RevisionNotFound",
        "the Hub has no such revision of the model",
        f"remove REVISION {ENV}, then: opsctl download",
    ),
    Rule(
        "network",
        r"(?:ConnectionError|ConnectTimeout|LocalEntryNotFoundError|OfflineModeIsEnabled"
        r"|MaxRetryError|NameResolutionError)\b",
        "the Hub was asked for files and cannot be reached",
        f"opsctl download, and set MODEL_ID and LORA_ADAPTERS {ENV} to folders in /data",
        when="ended",
    ),
    Rule(
        "adapter-missing",
        r"Can't find 'adapter_config.json' at '(?P<text>[^']*)'"
        r"|No adapter weights found for adapter '(?P<adapter>[^']*)'",
        "there is no complete adapter at {text}{adapter}",
        f"opsctl download, or fix LORA_ADAPTERS {ENV}",
    ),
    Rule(
        "model-missing",
        r"No local weights found in (?P<text>\S+)"
        r"|Repo id must be in the form .*: '(?P<other>/[^']*)'",
        "there is no complete model at {text}{other}",
        f"opsctl download, or fix MODEL_ID {ENV}",
    ),
    Rule(
        "download",
        r"Download encountered an error|Error: DownloadError",
        "TGI could not get the files of the model or of an adapter: {last}",
        f"opsctl download, and set MODEL_ID and LORA_ADAPTERS {ENV} to folders in /data",
    ),
    Rule(
        "shim-refused",
        r"opsctl tgi_shim: (?P<text>.*(?:nothing is|not) patched.*)",
        "the shim that lets adapters work refuses this TGI: {text}",
        "use the image it was written for: remove OPSCTL_IMAGE from .env, then: opsctl restart",
    ),
    Rule(
        "gptq-lora",
        r"'\w*Linear' object has no attribute 'weight'",
        "TGI cannot load an adapter onto a GPTQ model by itself, and the shim was not loaded",
        "opsctl doctor says where tgi_shim is missing, then: opsctl restart",
    ),
    Rule(
        "adapter-format",
        r"Invalid LoRA adapter format: (?P<text>.*)",
        "TGI cannot read an entry of LORA_ADAPTERS: {text}",
        f"write LORA_ADAPTERS=NAME=/data/adapters/FOLDER {ENV}, without @",
    ),
    Rule(
        "dtype",
        r"Only 1 can be set between `?dtype`? and `?quantize`?",
        "DTYPE cannot be set with a GPTQ model",
        f"remove DTYPE {ENV}, then: opsctl start",
    ),
    Rule(
        "prefill-memory",
        r"Not enough memory to handle (?P<text>\d+) prefill tokens",
        "the GPU has too little free memory for {text} prefill tokens",
        LESS_MEMORY,
    ),
    Rule(
        "kv-memory",
        r"Not enough memory to handle `max_total_tokens=?(?P<text>\d*)`|NotEnoughMemory\(",
        "the memory left for the KV cache holds no request of MAX_TOTAL_TOKENS {text}",
        f"lower MAX_TOTAL_TOKENS or raise CUDA_MEMORY_FRACTION {ENV}; opsctl vram shows what fits",
    ),
    Rule(
        "start-memory",
        r"CUDA out of memory|CUDA error: out of memory",
        "the GPU ran out of memory before the server was ready",
        LESS_MEMORY,
        where="start",
    ),
    Rule(
        "crashed",
        r"signaled to shutdown with signal (?P<text>6|11)\b",
        "the model process crashed by itself (signal {text})",
        "opsctl restart; if it comes back, see the card's errors: sudo dmesg | grep -i xid",
    ),
    Rule(
        "nvidia-smi",
        r"panicked at router/src/usage_stats\.rs",
        "TGI's web server crashed on what nvidia-smi told it",
        "nvidia-smi shows whether a card is ill; then: opsctl start",
    ),
    Rule(
        "panic",
        r"panicked at (?P<place>\S+?):?\n(?P<text>.+)",
        "TGI's web server crashed: {text} (at {place})",
        "opsctl logs -n 100",
    ),
    Rule(
        "memory",
        r"signaled to shutdown with signal 9\b",
        "the machine ran out of memory (RAM, not the GPU's) and the server was killed",
        "free -h shows the memory; stop other programs or add swap, then: opsctl start",
    ),
    Rule(
        "instructions",
        r"signaled to shutdown with signal 4\b",
        "this machine's processor lacks instructions that TGI uses (AVX2)",
        "use another machine, or: opsctl start --server local",
    ),
    Rule(
        "shared-memory",
        r"signaled to shutdown with signal 7\b",
        "the container has too little shared memory",
        f"set NUM_SHARD=1 {ENV}, then: opsctl restart",
    ),
    Rule(
        "port",
        r"Failed to bind to|[Aa]ddress already in use",
        "the port of the model server is taken by another program",
        "stop it, or choose another: OPSCTL_SERVER_URL=http://127.0.0.1:8081",
    ),
    Rule(
        "answer-memory",
        r"CUDA out of memory|CUDA error: out of memory",
        "the GPU ran out of memory while the server answered",
        f"opsctl restart; if it comes back, set CUDA_MEMORY_FRACTION=0.90 or less {ENV}",
        where="ready",
    ),
    Rule(
        "died",
        r"illegal memory access|Shard \d+ crashed|transport error|error trying to connect",
        "the server ran, then its model process died: {last}",
        f"opsctl restart; if it comes back, set CUDA_MEMORY_FRACTION=0.90 or less {ENV}",
        where="ready",
    ),
    Rule(
        "adapter-load",
        r"^Loading adapter weights into model: (?P<adapter>.*)\n(?:Key specified .*\n)*"
        r"Error when initializing model",
        "TGI could not load the adapter {adapter}: {last}",
        "opsctl download adapter --upgrade, then: opsctl start",
    ),
    Rule(
        "tokenizer",
        r"Converting from SentencePiece and Tiktoken failed",
        "the model's folder has no tokenizer",
        "opsctl download --verify shows what is missing, opsctl download fetches it",
    ),
    Rule(
        "load",
        r"Error when initializing model|Shard \d+ failed to start|ShardCannotStart",
        "TGI could not load the model: {last}",
        "opsctl download --verify, then: opsctl logs -n 100",
    ),
    Rule(
        "stop-time",
        r"signal received, starting graceful shutdown",
        "the server was killed while it finished its answers",
        "opsctl start (opsctl stop leaves it the time it needs)",
        code=137,
    ),
    Rule(
        "killed",
        r"\A",
        "the server was killed, most often because the machine ran out of memory",
        "free -h shows the memory; then: opsctl start",
        code=137,
    ),
    Rule(
        "adapter-off",
        r"LoRA adapters incompatible with CUDA Graphs[\s\S]*?Cuda Graphs are enabled for sizes"
        r" \[(?!0\])",
        "the adapter is dropped after the first token: CUDA graphs are on",
        f"set CUDA_GRAPHS=0 {ENV}, then: opsctl restart",
    ),
    Rule(
        "overloaded",
        r"no permits available|Model is overloaded",
        "more questions come in than MAX_CONCURRENT_REQUESTS lets in",
        f"wait, or raise MAX_CONCURRENT_REQUESTS {ENV} if opsctl vram says that more fit",
        when="running",
    ),
    Rule(
        "template",
        r"template not found",
        "the model's folder has no chat template",
        "opsctl download --verify",
        when="running",
    ),
    Rule(
        "request",
        r"(?P<text>Conversation roles must alternate.*|^(?:Input validation error: )?(?:"
        r"grammar is not .*|you must use sampling .*"
        r"|`\w+`.* (?:must|supports|cannot be|is not supported) .*))",
        "a client sends what TGI does not accept: {text}",
        "fix that client; opsctl ask shows that the server answers",
        when="running",
    ),
    Rule(
        "forward",
        r"Method (?P<text>\w+) encountered an error",
        "the model failed on a request ({text}) and the server keeps running",
        "opsctl logs -n 100",
        when="running",
    ),
    Rule(
        "all-memory",
        r"`?--max-batch-total-tokens`? is deprecated",
        "TGI takes all the memory that CUDA_MEMORY_FRACTION allows, by design",
        f"lower CUDA_MEMORY_FRACTION and remove MAX_BATCH_TOTAL_TOKENS {ENV}",
        when="running",
    ),
    Rule(
        "stopped",
        r"signal received, starting graceful shutdown",
        "the server was stopped",
        "opsctl start",
        when="ended",
    ),
    Rule(
        "localtgi-files",
        r"^error: (?P<text>.*(?:there is no folder|has no |damaged or cut short).*)",
        "{text}",
        "opsctl download --verify shows what is missing, opsctl download fetches it",
        code=1,
    ),
    Rule("localtgi", r"^error: (?P<text>.*)", "{text}", "opsctl logs", code=1),
)
CAUSES = {rule.name: rule for rule in _RULES}
