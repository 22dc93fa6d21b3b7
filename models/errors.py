"""Everything that can go wrong with a model.

ModelError
├── UnknownModel     no such name in the zoo
├── WeightsError     weights missing, or not the ones that were reviewed
├── ModelLoadError   the user's own model cannot be taken as it is
├── ModelInputError  a frame that no model can look at
└── ModelOutputError the model answered with NaN, infinity or a wrong shape

Every message is one line: what, why, what to do.
"""

from __future__ import annotations


def reason(error: BaseException) -> str:
    """The first line of what went wrong, or its kind where it says nothing."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__


class ModelError(Exception):
    """Base of all errors of this package; its text is one line fit to be shown."""


class UnknownModel(ModelError):
    """The zoo has no model of that name."""


class WeightsError(ModelError):
    """The weights are missing, or their sha256 is not the expected one."""


class ModelLoadError(ModelError):
    """A user's own model cannot be loaded, is refused, or does not fit what [model] says of it."""


class ModelInputError(ModelError):
    """A frame that no model can look at: without a pixel, or not (N, 3, H, W)."""


class ModelOutputError(ModelError):
    """The model answered with something that is no detection."""
