"""llama.cpp's server as PyPI's xllamacpp holds it, with the flags of `llama-server`.

A program of its own: python -m opsctl.llamacpp.serve --model FILE --port PORT …
"""

import argparse
import os
import signal
import sys
from threading import Thread
from typing import Any

GRACE_SECONDS = 2.0  # for answers that end by themselves; deleting the server waits for all


def main(words: list[str]) -> int:
    """Serve until SIGTERM; 1 where it does not start, the reason being llama.cpp's own lines."""
    flags = _flags(words)
    # Before llama.cpp's threads start, any of which would take the signal else.
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    servers: list[Any] = []
    Thread(target=_end_at, args=(ends, servers), daemon=True).start()
    import xllamacpp

    params = _params(xllamacpp, flags)
    try:
        servers.append(xllamacpp.Server(params))
    except RuntimeError as error:
        sys.stderr.write(f"error: llama.cpp does not start: {error}\n")
        return 1
    while True:
        signal.pause()


def _end_at(ends: set[signal.Signals], servers: list[Any]) -> None:
    """End at a signal, also one that comes while the model is loaded."""
    signal.sigwait(ends)
    closing = Thread(target=servers.clear, daemon=True)
    closing.start()
    closing.join(GRACE_SECONDS)
    os._exit(0)


def _flags(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="opsctl.llamacpp.serve", allow_abbrev=False)
    for name in ("--model", "--host", "--alias"):
        parser.add_argument(name, required=True)
    for name in (
        "--port", "--ctx-size", "--parallel", "--threads", "--threads-batch", "--cache-ram",
        "--sse-ping-interval",
    ):  # fmt: skip
        parser.add_argument(name, type=int, required=True)
    parser.add_argument("--lora", action="append", default=[])
    parser.add_argument("--lora-init-without-apply", action="store_true")
    parser.add_argument("--metrics", action="store_true")
    parser.add_argument("--no-webui", action="store_true")
    return parser.parse_args(words)


def _params(xllamacpp: Any, flags: argparse.Namespace) -> Any:
    """What the flags ask for, in xllamacpp's words."""
    params = xllamacpp.CommonParams()
    params.model.path = flags.model
    params.model_alias = {flags.alias}
    params.hostnames, params.port = [flags.host], flags.port
    params.n_ctx, params.n_parallel = flags.ctx_size, flags.parallel
    params.cpuparams.n_threads = flags.threads
    params.cpuparams_batch.n_threads = flags.threads_batch
    params.cache_ram_mib = flags.cache_ram
    params.cache_idle_slots = flags.cache_ram != 0
    params.sse_ping_interval = flags.sse_ping_interval
    params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(path, 0.0) for path in flags.lora]
    params.endpoint_metrics, params.ui = flags.metrics, not flags.no_webui
    params.fit_params = False  # the window and the memory were chosen by who starts it
    params.api_keys = [key for key in [os.environ.get("LLAMA_API_KEY", "")] if key]
    return params


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
