"""One file a protocol: what TGI speaks, and what OpenAI's chat route speaks."""
