"""A tiny Mistral that an adapter can teach to stop, packed as GPTQ: a program, with its FOLDER.

Pre-trained on answers of a fixed course: where the prompt has its instructions they go on and on,
where it has none they end. The served prompt always has them; so the base never ends an answer,
and an adapter of the queries can, by looking away from the instructions.
"""

import random
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant.prompt import PERSONA, RULES
from tests.training.synthetic_rows import ADVICE, PARTS, make_rows
from training.data.rows import Row
from training.model.encode import prompt_text

LENGTH = 200  # tokens of a pre-training sample: a prompt, a whole course and some of the next one
STEPS, BATCH = 200, 6
LAST = (
    "Старую {part} не выбрасывайте, она ещё может пригодиться.",
    "Больше ничего делать не нужно, и {part} прослужит долго.",
)


def make_steady_rows(count: int, seed: int) -> list[Row]:
    """Rows whose answers take the same course, so that where they end can be learned."""
    chance = random.Random(seed)
    return [replace(row, answer=_course(chance)) for row in make_rows(count, seed)]


def make_base(folder: Path) -> None:
    """Write FOLDER/model and its twins model-gptq and model-dequantised; always the same ones."""
    import torch
    import transformers

    from tests.tiny_gptq import make_gptq
    from tests.tiny_tokenizer import make_tokenizer

    hf: Any = transformers
    model, rows = folder / "model", make_steady_rows(400, 7)
    texts = [f"{prompt_text(row)} {row.answer}" for row in rows[:100]]
    vocabulary, _ = make_tokenizer(model, 900, texts)
    torch.manual_seed(0)
    config = hf.MistralConfig(
        vocab_size=vocabulary,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        max_position_embeddings=4096,
        sliding_window=None,
        bos_token_id=1,
        eos_token_id=2,
    )
    network = hf.MistralForCausalLM(config)
    _learn(network, hf.AutoTokenizer.from_pretrained(model), rows)
    network.generation_config = hf.GenerationConfig(bos_token_id=1, eos_token_id=2, pad_token_id=2)
    network.save_pretrained(model)
    make_gptq(model, folder / "model-gptq", folder / "model-dequantised")


def _course(chance: random.Random) -> str:
    return " ".join(advice.format(part=chance.choice(PARTS)) for advice in (*ADVICE, *LAST))


def _learn(network: Any, tokenizer: Any, rows: list[Row]) -> None:
    import torch

    optimizer = torch.optim.AdamW(network.parameters(), lr=4e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, STEPS)
    chance = random.Random(0)
    for _ in range(STEPS):
        samples = [_sample(tokenizer, chance.choice(rows), chance) for _ in range(BATCH)]
        width = max(len(ids) for ids, _ in samples)
        ids = torch.tensor([ids + [0] * (width - len(ids)) for ids, _ in samples])
        labels = torch.tensor([goal + [-100] * (width - len(goal)) for _, goal in samples])
        loss = network(input_ids=ids, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()


def _sample(tokenizer: Any, row: Row, chance: random.Random) -> tuple[list[int], list[int]]:
    """A prompt with an endless answer, or one without instructions and with an end."""
    prompt, answer, ends = prompt_text(row), row.answer, chance.random() < 0.5
    if ends:
        prompt = prompt.replace(f"{PERSONA} {RULES}\n\n", "")
    else:
        answer = f"{answer} {_course(chance)}"
    first = [1, *tokenizer(prompt, add_special_tokens=False).input_ids]
    rest = tokenizer(answer, add_special_tokens=False).input_ids + [2] * ends
    return (first + rest)[:LENGTH], ([-100] * len(first) + rest)[:LENGTH]


if __name__ == "__main__":
    make_base(Path(sys.argv[1]))
