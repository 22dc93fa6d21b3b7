"""A camera that moves over one photograph."""
