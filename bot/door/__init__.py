"""Who may use the bot: the gate, and how people come in through it.

people.py and requests.py keep those who are in and those who ask; entrance.py deals with whoever is
not in yet, doorkeeper.py with the administrators who decide.
"""
