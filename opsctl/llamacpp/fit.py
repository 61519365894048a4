"""What a model needs, and how much of it this machine has room for."""

from dataclasses import dataclass

from core.errors import UserError
from opsctl.llamacpp.header import Header
from opsctl.machine.memory import cores, free_memory
from opsctl.terminal import output

MOST_SLOTS = 4
CORES_PER_SLOT = 2  # with fewer, two answers at once only make each other late
LEAST_WINDOW = 1024  # tokens; below it no passage fits beside the instructions
WORKING = 256 << 20  # bytes of a server's own, and of its arithmetic
HALF = 2  # bytes of a number of the cache
ANOTHER = "another model: opsctl start --server llamacpp --model FILE.gguf"


@dataclass(frozen=True)
class Gpu:
    """A card that llama.cpp itself sees, and its free bytes."""

    name: str
    free: int


@dataclass(frozen=True)
class Fit:
    """How the server is to be started: tokens a slot, slots, threads, layers on a GPU, bytes."""

    window: int
    slots: int
    threads: int
    layers: int
    bytes: int


def fit(model: Header, window: int, most_slots: int, gpu: Gpu | None = None) -> Fit:
    """The most slots of this window that there is room for, or one with a smaller window.

    Raises UserError where not even that fits.
    """
    threads = cores()
    window = min(window, model.number("context_length", window))
    slots = min(most_slots, MOST_SLOTS)
    if gpu is None:
        slots = min(slots, max(threads // CORES_PER_SLOT, 1))
    layers = _layers(model, window, slots, gpu)
    room = free_memory() + (_on_gpu(model, window * slots, layers) if gpu else 0)
    while slots > 1 and needed(model, window * slots) > room:
        slots -= 1
    while window > LEAST_WINDOW and needed(model, window) > room:
        window //= 2
    need = needed(model, window * slots)
    if need > room:
        raise UserError(
            f"{model.path.name} needs {output.size(need)} of memory, and {output.size(room)} are"
            " free", f"free some (free -h shows it), or take {ANOTHER}",
        )  # fmt: skip
    return Fit(window, slots, threads, layers, need)


def needed(model: Header, tokens: int) -> int:
    """Bytes of memory for a model with so many tokens of context in all."""
    return model.bytes + per_token(model) * tokens + WORKING


def per_token(model: Header) -> int:
    """Bytes that the cache keeps of a token."""
    heads = model.number("attention.head_count", 1)
    width = model.number("embedding_length") // max(heads, 1)
    keys = model.number("attention.key_length", width)
    values = model.number("attention.value_length", width)
    key_heads = model.number("attention.head_count_kv", heads)
    return model.number("block_count") * key_heads * (keys + values) * HALF


def _layers(model: Header, window: int, slots: int, gpu: Gpu | None) -> int:
    """How many layers a card has room for; those that follow the last are counted as one more."""
    if gpu is None:
        return 0
    every = model.number("block_count") + 1
    one = needed(model, window * slots) / every
    return max(0, min(every, int((gpu.free - WORKING) / one)))


def _on_gpu(model: Header, tokens: int, layers: int) -> int:
    """Bytes that are on the card then, and not in the machine's memory."""
    return int(needed(model, tokens) * layers / (model.number("block_count") + 1))


def check_sound(model: Header) -> None:
    """Raise UserError for a file that the server would refuse, or answer badly with."""
    parts = model.facts.get("split.count", 1)
    if isinstance(parts, int) and parts > 1:
        sentence = f"{model.path.name} is one of {parts} parts of a model"
        hint = f"llama-gguf-split --merge {model.path} WHOLE.gguf makes one file of them"
        raise UserError(sentence, hint)
    if model.facts.get("general.type", "model") != "model":
        raise UserError(
            f"{model.path.name} is no model, but {model.facts['general.type']}", ANOTHER
        )
    if not model.architecture or not model.number("block_count"):
        raise UserError(f"{model.path.name} does not say what kind of model it is", ANOTHER)
    if not model.template:
        sentence = f"{model.path.name} has no chat template: it was not made to answer questions"
        raise UserError(sentence, "take an instruct model: its name says Instruct or Chat")
