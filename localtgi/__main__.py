"""The command: python -m localtgi --model DIR."""

import argparse
import os
import sys
from pathlib import Path

from localtgi.model.checkpoint import Checkpoint, check_adapter, open_model
from localtgi.model.errors import StartError
from localtgi.server.port import reserve
from localtgi.server.requests import Limits

BANNER = (
    "localtgi: TGI's protocol on transformers, for Colab, laptops and tests;"
    " one answer at a time, no batching, not a substitute for TGI under load"
)


def main() -> int:
    """Run the server; the exit code is 0 after SIGTERM, 1 if it could not start."""
    options = _parser().parse_args()
    try:
        _start(options)
    except StartError as error:
        _say(f"error: {error}")
        return 1
    except ModuleNotFoundError as error:
        _say(f"error: {error.name} is not installed, which comes with opsctl's extra `local`")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _start(options: argparse.Namespace) -> None:
    _say(BANNER)
    key = os.environ.get("API_KEY")
    if key == "":
        raise StartError("API_KEY is set but empty, so no client could get in; unset it")
    adapters = _adapters(options.adapter)
    limits = _limits(options)
    checkpoint = open_model(options.model)
    _check_context(limits.max_total_tokens, checkpoint)
    for name, folder in adapters.items():
        check_adapter(name, folder)
    with reserve(options.host, options.port) as sock:
        _say("starting torch and transformers")
        # Else threads that wait keep a core busy, which other programs may need.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        # Imported late, because they take seconds.
        from localtgi.model.loading import load
        from localtgi.server.serve import run

        model = load(checkpoint, adapters, options.device, options.dtype, options.cache, _say)
        run(model, str(options.model), limits, key, sock, _say)


def _limits(options: argparse.Namespace) -> Limits:
    most, total = options.max_input_tokens, options.max_total_tokens
    if not 0 < most < total:
        raise StartError(
            f"--max-input-tokens {most} must be above 0 and below --max-total-tokens {total}"
        )
    if options.max_concurrent_requests < 1:
        raise StartError("--max-concurrent-requests must be above 0")
    return Limits(most, total, options.max_concurrent_requests)


def _check_context(total: int, checkpoint: Checkpoint) -> None:
    most = checkpoint.context
    if most is not None and total > most:
        named = f"the tokens that {checkpoint.folder} has positions for"
        raise StartError(f"--max-total-tokens {total} is above {most}, {named}")


def _adapters(given: list[str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for text in given:
        name, equals, folder = text.partition("=")
        if not (name and equals and folder):
            raise StartError(f"--adapter {text} is not of the form NAME=DIR")
        if name in found:
            raise StartError(f"there are two adapters named {name}")
        found[name] = Path(folder)
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m localtgi", description=BANNER)
    add = parser.add_argument
    add("--model", type=Path, required=True, metavar="DIR", help="the folder of the model")
    add("--adapter", action="append", default=[], metavar="NAME=DIR", help="a LoRA adapter; again")
    add("--host", default="127.0.0.1", help="(%(default)s)")
    add("--port", type=int, default=8080, help="0: any free one (%(default)s)")
    add("--max-input-tokens", type=int, default=3072, metavar="N", help="(%(default)s)")
    add("--max-total-tokens", type=int, default=4096, metavar="N", help="(%(default)s)")
    add("--max-concurrent-requests", type=int, default=16, metavar="N", help="(%(default)s)")
    add("--device", choices=("auto", "cpu", "cuda"), default="auto", help="(%(default)s)")
    types = ("auto", "float32", "float16", "bfloat16")
    add("--dtype", choices=types, default="auto", help="(%(default)s)")
    spare = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "localtgi"
    told = "where packed weights go that the model's folder cannot hold (%(default)s)"
    add("--cache", type=Path, default=spare, metavar="DIR", help=told)
    parser.epilog = "An API key is read from the environment variable API_KEY, as TGI does."
    return parser


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    code = main()
    # Not sys.exit: that waits for the model's thread, which may be in the middle of a long prompt.
    os._exit(code)
