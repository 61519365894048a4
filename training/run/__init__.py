"""A run of the training: its plan, its steps, its files."""
