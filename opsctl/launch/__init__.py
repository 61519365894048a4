"""A model server of this machine: chosen, checked, started, watched and stopped."""
