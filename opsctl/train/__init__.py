"""A training as a person sees it: its rows, what it will take, how it goes, what came of it."""
