"""What transformers and peft make of given tokens: reference.py MODEL ADAPTER.

Rows of token ids are read as JSON from stdin; for each, the log-probabilities after every token,
without and with the adapter, are written as one JSON document.
"""

import json
import sys
from typing import Any

import peft
import torch
import transformers


def main() -> None:
    hf: Any = transformers
    base = hf.MistralForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32)
    model: Any = peft.PeftModel.from_pretrained(base, sys.argv[2])
    rows = [torch.tensor([row]) for row in json.load(sys.stdin)]
    with torch.no_grad():
        adapted = [model(row).logits.log_softmax(-1)[0].tolist() for row in rows]
        with model.disable_adapter():
            plain = [model(row).logits.log_softmax(-1)[0].tolist() for row in rows]
    json.dump({"base": plain, "adapter": adapted}, sys.stdout)


main()
