"""The checks of `opsctl doctor`."""
