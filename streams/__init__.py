"""Frames in, frames out: cameras, files and rendered scenes behind one interface."""
