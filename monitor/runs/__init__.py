"""The run folder on disk: written whole or not at all, read back with SQL."""

from monitor.runs.reader import Run
from monitor.runs.writer import RunWriter

__all__ = ["Run", "RunWriter"]
