"""Collects what is to be seen in a frame into `supervision.Detections`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import supervision as sv

from streams.scenes.canvas import Watched, clipped

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Seen:
    """One object as it was painted.

    Attributes
    ----------
    class_id, name : its class.
    identity : the same in every frame, and no other object's.
    box : x1, y1, x2, y2 in pixels, the whole object's.
    account : how much of it is still to be seen; None for all.
    """

    class_id: int
    name: str
    identity: int
    box: Box
    account: Watched | None = None


def truth_of(
    seen: Iterable[Seen], size: tuple[int, int], *, least: float, visible: float = 0.5
) -> sv.Detections:
    """Return the objects that count, their boxes cut to the frame.

    An object counts if at least half of its box lies in the frame, at least `visible` of what lies there is
    not hidden by something nearer, and its box is at least `least` pixels wide and high.

    Parameters
    ----------
    seen : the objects.
    size : of the frame, width and height in pixels.
    least : pixels.
    visible : share.

    Returns
    -------
    xyxy float32, class_id, data["class_name"] and data["object_id"] (int64).
    """
    kept: list[tuple[Seen, Box]] = []
    for one in seen:
        x1, y1, x2, y2 = cut = clipped(one.box, *size)
        whole = (one.box[2] - one.box[0]) * (one.box[3] - one.box[1])
        if min(x2 - x1, y2 - y1) < least or (x2 - x1) * (y2 - y1) < 0.5 * whole:
            continue
        if one.account is None or one.account.visible >= visible:
            kept.append((one, cut))
    return sv.Detections(
        xyxy=np.array([box for _, box in kept], dtype=np.float32).reshape(-1, 4),
        class_id=np.array([one.class_id for one, _ in kept], dtype=np.int64),
        data={
            "class_name": np.array([one.name for one, _ in kept], dtype=np.str_),
            "object_id": np.array([one.identity for one, _ in kept], dtype=np.int64),
        },
    )
