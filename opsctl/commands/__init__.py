"""One file a command: each parses its arguments, calls the packages below and prints."""
