"""The gate, and how people come in through it.

requests.py keeps those who ask; entrance.py deals with whoever is not in yet, doorkeeper.py with
the administrators who decide.
"""
