"""The answer pipeline that the command line and the bot share."""
