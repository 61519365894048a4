"""What every room of the bot uses: its configuration, its counters, waiting with a limit."""
