"""Training: the Yandex Q data set made fit, and the QLoRA run that makes an adapter of it."""

import logging

# It offers a faster package for CPUs each time that peft is imported.
logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)
