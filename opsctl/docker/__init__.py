"""The Docker engine of this machine: whether it answers, what it says, and its images."""
