"""Patches: what somebody can print and hold up. Trained, kept, worn by a stream, printed; test material."""
