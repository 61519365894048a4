"""Clients of the model server: TGI's own routes, and the OpenAI chat route of other servers.

connect.py makes one, types.py says what both give, errors.py what can go wrong.
"""
