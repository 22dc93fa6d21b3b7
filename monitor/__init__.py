"""The monitor: attacks, drift, the live loop, batch evaluation, the panel."""

__version__ = "0.1.0"
