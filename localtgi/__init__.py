"""A small server that speaks TGI's protocol on transformers and peft: one process, GPU or CPU."""

import logging

# It offers a faster package for CPUs each time that peft is imported.
logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)
