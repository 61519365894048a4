"""A small server that speaks TGI's protocol on transformers and peft: one process, GPU or CPU."""

__version__ = "0.1.0"
