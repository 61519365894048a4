"""`python -m bot`: says which command starts the bot, because that one reads the settings."""

import sys

sys.stderr.write("error: the bot is started by another command\nhint: opsctl start\n")
sys.exit(2)
