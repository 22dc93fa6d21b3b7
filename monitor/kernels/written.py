"""Writes candidates."""

from models.edits import Edits


def written(pixels, positions, colours):
    return Edits(positions, colours).written(pixels)
