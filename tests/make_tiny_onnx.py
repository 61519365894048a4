"""Write the ONNX file of a sentence-transformers model: make_tiny_onnx.py MODEL FILE."""

import sys
import warnings
from typing import Any


def main(model: str, file: str) -> None:
    import torch
    import transformers

    warnings.simplefilter("ignore")
    hf: Any = transformers

    class Hidden(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = hf.AutoModel.from_pretrained(model, attn_implementation="eager")

        def forward(self, ids: Any, mask: Any, types: Any) -> Any:
            return self.network(input_ids=ids, attention_mask=mask, token_type_ids=types)[0]

    names = ["input_ids", "attention_mask", "token_type_ids"]
    ids = torch.ones(2, 7, dtype=torch.long)
    torch.onnx.export(
        Hidden().eval(), (ids, ids, ids * 0), file, input_names=names,
        dynamic_axes={name: {0: "texts", 1: "tokens"} for name in names}, dynamo=False,
    )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
