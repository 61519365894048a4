"""The operator's command line."""

__version__ = "0.2.0"
