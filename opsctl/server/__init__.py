"""The model server of this machine: its set-up checked, started, watched, proven, stopped."""
