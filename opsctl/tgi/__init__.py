"""TGI as a model server of this machine: its settings, its log, and why it fails."""
