"""What is downloaded from the Hub, how it gets here, and what is asked of it."""
