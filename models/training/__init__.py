"""How the bundled weights of `signs` and `ball` were made, runnable: `python -m models.training signs`."""
