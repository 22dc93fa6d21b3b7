"""How good a detector is on real photographs that it was not fitted to: `camdrift models evaluate`."""
