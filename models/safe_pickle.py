"""Opening torch's files without running what is in them."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path

import torch


class Unreadable(Exception):
    """The file is damaged, or none of torch's."""


def plain_content(path: Path) -> object:
    """Tensors and plain containers out of a file that `torch.save` wrote.

    Raises
    ------
    pickle.UnpicklingError : it names anything else; nothing of that was run.
    Unreadable : it is no such file.
    """
    try:
        with warnings.catch_warnings():
            # It warns of pickle protocols that it may not know; what it does not know it refuses.
            warnings.simplefilter("ignore", UserWarning)
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise
    except Exception as error:  # a damaged pickle fails in whatever its broken instructions do
        raise Unreadable(f"{type(error).__name__}: {error}".splitlines()[0]) from error
