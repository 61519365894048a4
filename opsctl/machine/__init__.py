"""This machine: its programs, processes, GPUs and their memory, and folders for secrets."""
