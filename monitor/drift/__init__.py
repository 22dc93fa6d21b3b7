"""Prediction drift: what changed between the clean answer and the attacked one."""
