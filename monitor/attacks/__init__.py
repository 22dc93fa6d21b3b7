"""Attacks: each file holds one idea; the driver owns the rest."""
