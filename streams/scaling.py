"""Bringing a frame to the working resolution."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import supervision as sv

from streams.frame import Frame


def scaled(frame: Frame, width: int) -> Frame:
    """Resize a frame to a width, keeping its aspect; truth boxes are scaled with it.

    Shrinking averages over areas (no aliasing, which a detector would see as texture), growing
    interpolates linearly. A frame that already has the width comes back as the same object.

    Parameters
    ----------
    frame : any frame; it is not changed.
    width : pixels of the result; its height is rounded, and at least 1.

    Raises
    ------
    ValueError : a width below 1.
    """
    if width < 1:
        raise ValueError(f"the working width is at least 1 pixel, got {width}")
    old_width, old_height = frame.size
    if width == old_width:
        return frame
    height = max(1, round(old_height * width / old_width))
    method = cv2.INTER_AREA if width < old_width else cv2.INTER_LINEAR
    pixels = np.asarray(cv2.resize(frame.pixels, (width, height), interpolation=method), np.uint8)
    truth = frame.truth
    if truth is not None:
        truth = _scaled_truth(truth, (old_width, old_height), (width, height))
    return replace(frame, pixels=pixels, truth=truth)


def _scaled_truth(
    truth: sv.Detections, old: tuple[int, int], new: tuple[int, int]
) -> sv.Detections:
    # The height was rounded, so the two axes do not have quite the same factor.
    x, y = new[0] / old[0], new[1] / old[1]
    boxes = np.asarray(truth.xyxy, dtype=np.float64) * np.array([x, y, x, y])
    mask = truth.mask
    if mask is not None and len(mask):
        mask = np.stack(
            [cv2.resize(one.astype(np.uint8), new, interpolation=cv2.INTER_NEAREST) for one in mask]
        ).astype(bool)
    return replace(truth, xyxy=boxes.astype(truth.xyxy.dtype), mask=mask)
