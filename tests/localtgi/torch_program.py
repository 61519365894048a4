"""What the tests need torch for: python -m tests.localtgi.torch_program FOLDER.

Makes the tiny models, writes their folder as a line, and then its findings as JSON.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import peft
import psutil
import torch
import transformers
from safetensors.torch import load_file, save_file

from localtgi.model import gptq
from localtgi.model.checkpoint import open_model
from localtgi.model.errors import StartError
from localtgi.model.loading import load
from localtgi.server.generation import IncrementalText
from tests import make_tiny_mistral, tiny_faults

PROMPT = "[INST] Где указан срок действия паспорта? [/INST]"
CPU = torch.device("cpu")
hf: Any = transformers


def main(folder: Path) -> None:
    make_tiny_mistral.main(folder)
    tiny_faults.make_faulty(folder / "model", folder / "model-faulty")
    sys.stdout.write(f"{folder}\n")
    sys.stdout.flush()
    packed: Any = gptq.load(open_model(folder / "model-gptq"), torch.float32, CPU)
    report = {
        "twin": generate(folder / "model-dequantised", None),
        "loud": generate(folder / "model", folder / "adapters" / "loud"),
        "unpacked": unpacked(packed),
        "packed_bytes": packed_bytes(packed),
        "layer": layer_gradient(packed),
        "bias": layer_with_bias(),
        "misfits": misfits(folder),
        "too_large": refused(too_large(folder), {}),
        "older": older(folder),
        "halved": halved(folder),
        "lora": lora(packed),
        "pieces": pieces(folder / "model"),
    }
    sys.stdout.write(json.dumps(report))


def generate(folder: Path, adapter: Path | None, text: str = PROMPT) -> Any:
    """Greedy ids and log-probabilities of a model by transformers' own generate()."""
    model = hf.AutoModelForCausalLM.from_pretrained(folder)
    if adapter:
        model = peft.PeftModel.from_pretrained(model, str(adapter)).eval()
    prompt = hf.AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt")
    output = model.generate(
        **prompt,
        max_new_tokens=24,
        do_sample=False,
        return_dict_in_generate=True,
        output_scores=True,
    )
    ids = output.sequences[0, prompt["input_ids"].shape[1] :].tolist()
    logprobs = [
        float(torch.log_softmax(scores[0], -1)[id])
        for scores, id in zip(output.scores, ids, strict=True)
    ]
    return {"ids": ids, "logprobs": logprobs}


def unpacked(model: Any) -> Any:
    """The weights of a layer with its inputs out of order, and of one with zeros of its own."""
    down = model.model.layers[1].mlp.down_proj
    asymmetric = [part.clone() for part in down.packed]
    asymmetric[1] = torch.full_like(asymmetric[1], 0x7654321) + torch.arange(
        asymmetric[1].shape[1], dtype=torch.int32
    )
    return {
        "weight": down.weight.tolist(),
        "asymmetric_zeros": asymmetric[1].tolist(),
        "asymmetric": gptq.unpack(*asymmetric).t().tolist(),
    }


def packed_bytes(model: Any) -> int:
    """The memory of the loaded model's quantised layers, in bytes."""
    layers = [module for module in model.modules() if isinstance(module, gptq.GPTQLinear)]
    return sum(b.numel() * b.element_size() for layer in layers for b in layer.buffers())


def layer_gradient(model: Any) -> Any:
    """How far a layer and its gradient are from a plain nn.Linear of the same weights."""
    layer = model.model.layers[0].mlp.up_proj
    plain = torch.nn.Linear(layer.in_features, layer.out_features, bias=False)
    plain.weight.data = layer.weight.float()
    torch.manual_seed(0)
    x = torch.randn(3, 5, layer.in_features)
    found: list[tuple[torch.Tensor, torch.Tensor]] = []
    for linear in (layer, plain):
        given = x.clone().requires_grad_()
        result = linear(given)
        result.square().sum().backward()
        assert given.grad is not None
        found.append((result.detach(), given.grad))
    (y, dy), (y2, dy2) = found
    return {
        "forward": float((y - y2).abs().max()),
        "backward": float((dy - dy2).abs().max()),
        "gradient": float(dy2.abs().max()),
    }


def lora(model: Any) -> Any:
    """The losses of some steps of training an adapter on the packed weights."""
    before = model.model.layers[0].self_attn.q_proj.qweight.clone()
    torch.manual_seed(0)
    config = peft.LoraConfig(r=4, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")
    wrapped: Any = peft.get_peft_model(model, config)
    layer = wrapped.base_model.model.model.layers[0].self_attn.q_proj
    trained = [weight for weight in wrapped.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=0.02)
    ids = torch.arange(300, 330)[None]
    losses = []
    wrapped.train()
    for _ in range(8):
        loss = wrapped(input_ids=ids, labels=ids).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return {
        "kind": f"{type(layer).__module__}.{type(layer).__name__}",
        "base": type(layer.base_layer).__name__,
        "losses": losses,
        "base_unchanged": torch.equal(before, layer.base_layer.qweight),
    }


def layer_with_bias() -> Any:
    """What a layer with a bias gives for an input of zeros."""
    packed = {
        "qweight": torch.zeros(1, 8, dtype=torch.int32),
        "qzeros": torch.zeros(1, 1, dtype=torch.int32),
        "scales": torch.ones(1, 8, dtype=torch.float16),
        "g_idx": torch.zeros(8, dtype=torch.int32),
    }
    layer = gptq.GPTQLinear(packed, torch.arange(8, dtype=torch.float16))
    return layer(torch.zeros(1, 8))[0].tolist()


def pieces(folder: Path) -> list[str]:
    """What each token adds to a text with characters of several tokens."""
    model = load(open_model(folder), {}, "cpu", "auto", folder, lambda text: None)
    first, *others = model.encode("Срок — 5 €, 🙂 и всё")
    ids = [first]
    text = IncrementalText(model, ids)
    found = []
    for number in others:
        ids.append(number)
        found.append(text.next())
    return found


def misfits(folder: Path) -> dict[str, str]:
    """What is said of adapters that no layer of the model can take."""
    adapter = folder / "adapters" / "loud"
    weights = load_file(adapter / "adapter_model.safetensors")
    config = json.loads((adapter / "adapter_config.json").read_text())
    halves = {name: weight[:, : weight.shape[1] // 2] for name, weight in weights.items()}
    strangers = {f"another.{name}": weight for name, weight in weights.items()}
    cases = {
        "other-shape": (halves, config),
        "other-names": (strangers, config),
        "no-such-layer": (weights, config | {"target_modules": ["c_attn"]}),
    }
    said = {}
    for name, (tensors, changed) in cases.items():
        made = folder / "misfits" / name
        made.mkdir(parents=True)
        tensors = {key: tensor.contiguous() for key, tensor in tensors.items()}
        save_file(tensors, made / "adapter_model.safetensors")
        (made / "adapter_config.json").write_text(json.dumps(changed))
        said[name] = refused(folder / "model", {name: made})
    return said


def older(folder: Path) -> bool:
    """Whether a GPTQ model of the older kind is read, and gives what the newer one gives."""
    packed = folder / "model-gptq"
    made = tiny_faults.make_older(packed, folder / "older")
    first, second = (
        load(open_model(model), {}, "cpu", "float32", model, lambda text: None).forward(
            [1, 300, 301], None
        )
        for model in (packed, made)
    )
    return torch.equal(first[0], second[0])


def halved(folder: Path) -> list[str]:
    """What is said of a GPTQ layer that is too narrow, whole or in a part."""
    cases = (("qweight", "qzeros", "scales"), ("qzeros",), ("scales",))
    packed = folder / "model-gptq"
    return [
        refused(tiny_faults.make_halved(packed, folder / f"halved-{number}", parts), {})
        for number, parts in enumerate(cases)
    ]


def too_large(folder: Path) -> Path:
    """A model with one tensor as large as the memory: a hole in the file, that takes no room."""
    made = Path(shutil.copytree(folder / "model", folder / "too-large"))
    size = psutil.virtual_memory().total
    tensor = {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}
    header = json.dumps({"lm_head.weight": tensor}).encode()
    with (made / "model.safetensors").open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + size)
    return made


def refused(model: Path, adapters: dict[str, Path]) -> str:
    """Why a model with these adapters is not loaded."""
    try:
        load(open_model(model), adapters, "cpu", "auto", model, lambda text: None)
    except StartError as error:
        return str(error)
    return ""


if __name__ == "__main__":
    main(Path(sys.argv[1]))
