"""A model of this machine: its folder, its weights, its adapters, and one pass through it."""
