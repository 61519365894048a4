"""vLLM as a model server of this machine: its program, its command line, its log, its files."""
