"""The bot as a process: started, kept running, looked at and stopped."""
