"""A drive along a road past traffic signs."""
