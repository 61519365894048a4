"""HTTP and server-sent events as model servers really send them; nothing that came is lost."""
