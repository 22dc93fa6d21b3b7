"""Everything that can go wrong in the monitor itself.

MonitorError
├── ConfigError          a setting that is unknown or out of range
├── AttackContractError  an attack that broke its budget or its contract: a bug in the attack
├── PatchError           a patch that cannot be read, trained or printed
├── RunError             a run folder that cannot be written or read
└── SubscriptionFull     a listener that stayed away from its session too long

Every message is one line: what, why, what to do.
"""

from __future__ import annotations


class MonitorError(Exception):
    """Base of all errors of this package; its text is one line fit to be shown."""


class ConfigError(MonitorError):
    """A setting is unknown or out of range."""


class AttackContractError(MonitorError):
    """An attack returned a frame outside its budget, or used knowledge it has no right to."""


class RunError(MonitorError):
    """A run folder cannot be written or read."""


class PatchError(MonitorError):
    """A patch cannot be read, trained or printed."""


class SubscriptionFull(MonitorError):
    """A listener did not come for its records, and was cut off."""
