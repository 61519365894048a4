"""A question from the moment it is asked to its one final answer."""
