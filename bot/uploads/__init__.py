"""Documents that an administrator sends to the bot: fetched, checked, indexed, told."""
