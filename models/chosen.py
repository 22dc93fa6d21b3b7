"""A detector of which only some classes count."""

from __future__ import annotations

import difflib

import numpy as np
import supervision as sv
import torch

from models.detector import Candidates, Classifier, Detector, Pixels, WhiteBoxDetector
from models.errors import ModelLoadError


class BlackBoxOfSome:
    """A detector whose answers are cut down to some of its classes, which get the ids 0, 1, ...

    Parameters
    ----------
    inner : the whole detector.
    columns : the class ids of `inner` that are kept, in ascending order.
    """

    def __init__(self, inner: Detector, columns: tuple[int, ...]) -> None:
        self.inner = inner
        self.name = inner.name
        self.class_names = tuple(inner.class_names[c] for c in columns)
        self._columns = np.array(columns)

    def detect(self, pixels: Pixels, threshold: float) -> sv.Detections:
        """See `Detector.detect`."""
        return self._cut(self.inner.detect(pixels, threshold))

    def _cut(self, whole: sv.Detections) -> sv.Detections:
        if whole.class_id is None:  # sv.Detections.empty() carries none
            return whole
        kept = np.isin(whole.class_id, self._columns)
        some = whole[kept]
        assert isinstance(some, sv.Detections)
        some.class_id = np.searchsorted(self._columns, whole.class_id[kept]).astype(int)
        return some


class WhiteBoxOfSome(BlackBoxOfSome):
    """The same with gradients: its candidates carry the kept columns only, so nothing else is attacked."""

    inner: WhiteBoxDetector

    def forward(self, frames: torch.Tensor) -> Candidates:
        """See `WhiteBoxDetector.forward`."""
        return _Columns(self.inner.forward(frames), torch.from_numpy(self._columns))

    def decode(self, candidates: Candidates, threshold: float) -> list[sv.Detections]:
        """See `WhiteBoxDetector.decode`; the inner detector decodes all it found, as it would alone."""
        assert isinstance(candidates, _Columns)
        return [self._cut(found) for found in self.inner.decode(candidates.whole, threshold)]


class _Columns(Candidates):
    def __init__(self, whole: Candidates, columns: torch.Tensor) -> None:
        super().__init__(whole.logits[..., columns], lambda: whole.boxes, fixed=whole.fixed)
        self.whole = whole


def only(detector: Detector, classes: tuple[str, ...]) -> Detector:
    """The detector cut down to these classes; empty: as it is.

    Raises
    ------
    ModelLoadError : a class that the model does not know; the message names the nearest. A classifier,
        which always answers and cannot leave a class out.
    """
    if not classes:
        return detector
    if isinstance(detector, Classifier):
        raise ModelLoadError(
            f"model {detector.name}: labels the whole frame and cannot keep some classes only; "
            "leave the setting `classes` empty"
        )
    known = detector.class_names
    for name in classes:
        if name not in known:
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0)
            hint = f"the nearest is {nearest[0]!r}" if nearest else "it names none"
            raise ModelLoadError(
                f"model {detector.name}: has no class {name!r}; {hint} (setting `classes`)"
            )
    columns = tuple(i for i, name in enumerate(known) if name in classes)
    if len(columns) == len(known):
        return detector
    if isinstance(detector, WhiteBoxDetector):
        return WhiteBoxOfSome(detector, columns)
    return BlackBoxOfSome(detector, columns)
