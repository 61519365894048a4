"""Who is known to the bot, in which roles and groups, what they may do and what is kept of them."""
