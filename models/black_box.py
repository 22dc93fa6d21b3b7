"""Models that only answer: no gradient can be had of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import supervision as sv

from models.decoding import check_finite
from models.detector import Detector, Pixels
from models.errors import ModelInputError, ModelLoadError, ModelOutputError, reason

Function = Callable[[Pixels], object]


class BlackBox:
    """A detector of which only the answers are handed out, with the reason why.

    Parameters
    ----------
    inner : what answers.
    note : one line: why there are no gradients.
    """

    def __init__(self, inner: Detector, note: str) -> None:
        self.name = inner.name
        self.class_names = inner.class_names
        self.note = note
        self._detect = inner.detect

    def detect(self, pixels: Pixels, threshold: float) -> sv.Detections:
        """See `Detector.detect`."""
        return self._detect(pixels, threshold)


class FunctionModel:
    """Any callable, uint8 BGR frame -> `supervision.Detections`, as a black-box detector.

    Parameters
    ----------
    name : what the user calls it.
    function : is handed a frame of its own, so that it may draw on it.
    class_names : class id -> name.

    Raises
    ------
    ModelLoadError : no class has a name.
    """

    def __init__(self, name: str, function: Function, class_names: tuple[str, ...]) -> None:
        if not class_names:
            raise ModelLoadError(
                f"model {name}: its classes have no names; set [model] names, or give the function "
                "an attribute class_names"
            )
        self.name = name
        self.class_names = class_names
        self._function = function

    def detect(self, pixels: Pixels, threshold: float) -> sv.Detections:
        """See `Detector.detect`; an answer without scores is taken as sure, one without classes as class 0.

        Raises
        ------
        ModelInputError : no pixels.
        ModelOutputError : no `Detections`, NaN or infinity, or a class without a name.
        """
        if 0 in pixels.shape:
            raise ModelInputError(
                f"model {self.name}: a frame of shape {pixels.shape} cannot be looked at: expected "
                "(H, W, 3) with at least one pixel; check the source's size"
            )
        try:
            found = self._function(pixels.copy())
        except Exception as error:  # whatever somebody's function throws
            raise ModelOutputError(
                f"model {self.name}: failed on a frame ({reason(error)}); `--debug` shows where"
            ) from error
        if not isinstance(found, sv.Detections):
            raise ModelOutputError(
                f"model {self.name}: answered with a {type(found).__name__}, expected "
                "supervision.Detections; see docs/models.md"
            )
        boxes = np.asarray(found.xyxy, np.float32).reshape(-1, 4)
        scores = (
            np.ones(len(boxes), np.float32)
            if found.confidence is None
            else np.asarray(found.confidence, np.float32)
        )
        classes = (
            np.zeros(len(boxes), int) if found.class_id is None else np.asarray(found.class_id, int)
        )
        check_finite(self.name, boxes)
        check_finite(self.name, scores)
        if len(classes) and not 0 <= classes.min() <= classes.max() < len(self.class_names):
            raise ModelOutputError(
                f"model {self.name}: answered with class {classes.max()}, but has "
                f"{len(self.class_names)} class names; set [model] names"
            )
        kept = scores >= threshold
        return sv.Detections(
            xyxy=boxes[kept],
            confidence=scores[kept],
            class_id=classes[kept],
            data={"class_name": np.array(self.class_names)[classes[kept]]},
        )
