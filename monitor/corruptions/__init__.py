"""What weather, lens, sensor and link do to a camera's picture by themselves, one family a file."""
