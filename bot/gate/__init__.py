"""The gate, and how people come in through it.

requests.py keeps those who ask; entrance.py deals with whoever is not in yet, admin_notifier.py
with the administrators who decide, decision_notifier.py with those about whom they did.
"""
