"""How fast llama.cpp is on this machine, seen with two layers of a 7B model in a few seconds.

Writing a token reads every weight once, so its speed goes with the bytes of a model; reading a
prompt does arithmetic with every weight, and goes with them too. Of a prompt's tokens only the last
goes through all of the last layer: so there are two, of which one counts.
"""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

from core.errors import UserError
from core.settings import child_environment
from opsctl.machine.memory import cores
from opsctl.server.address import free_port

if TYPE_CHECKING:
    import gguf

WIDTH, INNER, HEADS, KEY_HEADS = 4096, 14336, 32, 8  # of Mistral 7B
MATRICES = {
    "attn_q": (WIDTH, WIDTH),
    "attn_k": (WIDTH * KEY_HEADS // HEADS, WIDTH),
    "attn_v": (WIDTH * KEY_HEADS // HEADS, WIDTH),
    "attn_output": (WIDTH, WIDTH),
    "ffn_gate": (INNER, WIDTH),
    "ffn_up": (INNER, WIDTH),
    "ffn_down": (WIDTH, INNER),
}
LAYERS, WORDS = 2, 300
BLOCK, NUMBERS = 18, 32  # bytes, and numbers in them
PROMPT, ANSWER = 256, 64  # tokens
STARTING = 60.0  # seconds
QUESTION = 1500  # tokens of a question with five passages, about


@dataclass(frozen=True)
class Speed:
    """Bytes of weights that are worked through in a second: reading a prompt, and writing."""

    reading: float
    writing: float

    def tokens(self, model_bytes: int) -> float:
        """Tokens that a model of this size writes in a second."""
        return self.writing / model_bytes

    def first_word(self, model_bytes: int) -> float:
        """Seconds until the first word of an answer."""
        return QUESTION * model_bytes / self.reading


def measure() -> Speed:
    """Run the layers for a few seconds. Raises UserError where llama.cpp does not run here."""
    with tempfile.TemporaryDirectory(prefix="opsctl-") as folder:
        model = Path(folder) / "layers.gguf"
        _write(model)
        timings = _timings(model, Path(folder) / "log")
    one = sum(rows * columns for rows, columns in MATRICES.values()) * BLOCK // NUMBERS
    reading, writing = timings["prompt_per_second"], timings["predicted_per_second"]
    return Speed(one * float(reading), LAYERS * one * float(writing))


def _timings(model: Path, log: Path) -> Any:
    port, threads = free_port(), str(cores())
    argv = [
        sys.executable, "-m", "opsctl.llamacpp.serve", "--model", str(model), "--alias", "layers",
        "--host", "127.0.0.1", "--port", str(port), "--ctx-size", "512", "--parallel", "1",
        "--threads", threads, "--threads-batch", threads, "--cache-ram", "0",
        "--sse-ping-interval", "10", "--no-webui",
    ]  # fmt: skip
    env = child_environment({"OMP_WAIT_POLICY": "passive"})
    body = {"prompt": [3] * PROMPT, "n_predict": ANSWER, "ignore_eos": True, "temperature": 0}
    with log.open("wb") as said, subprocess.Popen(argv, stdout=said, stderr=said, env=env) as child:
        try:
            _wait(child, port)
            request = Request(f"http://127.0.0.1:{port}/completion", json.dumps(body).encode())
            with urlopen(request, timeout=STARTING) as reply:
                return json.load(reply)["timings"]
        except (OSError, KeyError, ValueError) as error:
            rows = log.read_text(errors="replace").splitlines()
            last = rows[-1] if rows else type(error).__name__
            raise UserError(f"llama.cpp does not run here: {last}", "opsctl doctor") from error
        finally:
            child.kill()


def _wait(child: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + STARTING
    while child.poll() is None and time.monotonic() < deadline:
        try:
            with urlopen(f"http://127.0.0.1:{port}/health", timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise OSError("it does not answer")


def _write(path: Path) -> None:
    """A model of two layers with random numbers in blocks of four bits."""
    import gguf
    import numpy as np

    writer = gguf.GGUFWriter(path, "llama")
    _describe(writer)
    four, full = gguf.GGMLQuantizationType.Q4_0, gguf.GGMLQuantizationType.F32
    for name, (rows, columns) in MATRICES.items():
        for layer in range(LAYERS):
            writer.add_tensor(f"blk.{layer}.{name}.weight", _blocks(rows, columns), raw_dtype=four)
    for name in ("token_embd", "output"):
        writer.add_tensor(f"{name}.weight", _blocks(WORDS, WIDTH), raw_dtype=four)
    norms = [f"blk.{layer}.{part}_norm" for layer in range(LAYERS) for part in ("attn", "ffn")]
    for name in (*norms, "output_norm"):
        writer.add_tensor(f"{name}.weight", np.ones(WIDTH, np.float32), raw_dtype=full)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _describe(writer: "gguf.GGUFWriter") -> None:
    writer.add_block_count(LAYERS)
    writer.add_context_length(4096)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(WORDS)
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    tokens += [f"t{number}" for number in range(WORDS - len(tokens))]
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * WORDS)
    writer.add_token_types([2, 3, 3] + [6] * 256 + [1] * (WORDS - 259))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)


def _blocks(rows: int, columns: int) -> Any:
    """Blocks of 32 numbers: a scale of 16 bits, and 16 bytes of two numbers each."""
    import numpy as np

    made = np.zeros(rows * columns // NUMBERS, np.dtype([("scale", "<f2"), ("numbers", "u1", 16)]))
    made["scale"] = 0.004
    made["numbers"] = np.random.default_rng(0).integers(0, 256, (len(made), 16), np.uint8)
    return made.view(np.uint8).reshape(rows, -1)
