"""A small server that speaks TGI's protocol on transformers and peft: one process, GPU or CPU."""

import logging
from importlib.metadata import version

__version__ = version("opsctl")

# It offers a faster package for CPUs each time that peft is imported.
logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)
