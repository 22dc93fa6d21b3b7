"""What frames come from: one file for each kind."""
