"""Everything that can go wrong with a model.

ModelError
├── UnknownModel     no such name in the zoo
├── WeightsError     weights missing, or not the ones that were reviewed
└── ModelOutputError the model answered with NaN, infinity or a wrong shape

Every message is one line: what, why, what to do.
"""

from __future__ import annotations


class ModelError(Exception):
    """Base of all errors of this package; its text is one line fit to be shown."""


class UnknownModel(ModelError):
    """The zoo has no model of that name."""


class WeightsError(ModelError):
    """The weights are missing, or their sha256 is not the expected one."""


class ModelOutputError(ModelError):
    """The model answered with something that is no detection."""
