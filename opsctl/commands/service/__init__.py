"""The commands that start, stop and watch the model server and the bot."""
