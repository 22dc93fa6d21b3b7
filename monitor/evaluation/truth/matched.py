"""Which answer found which object: the rows of the table `truth`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

import numpy as np
import supervision as sv

from monitor.evaluation.tables import Row
from monitor.evaluation.truth.boxes import UNKNOWN
from monitor.pairing import pair

_EDGES = ("x0_px", "y0_px", "x1_px", "y1_px")


class ClassIds:
    """From names of classes, as ground truth writes them, to a model's ids.

    Names are the same whatever the case, and "_" and "-" stand for spaces. Of two classes of a model with the
    same name the first counts.

    Parameters
    ----------
    class_names : of the model, by id.
    aliases : a name of the ground truth -> the model's; "*" stands for anything, as in
        {"speed limit *": "speed limit"}.
    """

    def __init__(
        self, class_names: Sequence[str], aliases: Mapping[str, str] | None = None
    ) -> None:
        self._ids: dict[str, int] = {}
        for number, name in enumerate(class_names):
            self._ids.setdefault(plain(name), number)
        self._aliases = {plain(name): plain(target) for name, target in (aliases or {}).items()}
        self._known: dict[str, int | None] = {}

    def of(self, name: str) -> int | None:
        """The id of a class; None where the model knows no such class."""
        if name not in self._known:
            self._known[name] = self._look_up(plain(name))
        return self._known[name]

    def _look_up(self, name: str) -> int | None:
        for pattern, target in self._aliases.items():
            if fnmatchcase(name, pattern):
                return self._ids.get(target)
        return self._ids.get(name)


def plain(name: str) -> str:
    """A class name as it is compared."""
    return " ".join(name.replace("_", " ").replace("-", " ").casefold().split())


def truth_rows(
    truth: sv.Detections,
    clean: sv.Detections,
    attacked: sv.Detections,
    *,
    class_names: Sequence[str] | ClassIds,
    iou: float,
    frame: int,
    aliases: Mapping[str, str] | None = None,
) -> list[Row]:
    """The objects of a frame, each with the box of either answer that it is matched with.

    An object is matched with a box of any class at IoU >= `iou`, one to one, the sum of IoUs being highest
    (`monitor.pairing.pair`); one of a class that the model does not know is matched, too. What is marked in
    data["ignore"] is left out, before it can take another one's box.

    Parameters
    ----------
    truth : what there is, with data["class_name"] and, where known, data["object_id"].
    clean, attacked : the answers.
    class_names : of the model; where many frames come, a `ClassIds` is quicker.
    iou : least overlap.
    frame : its index.
    aliases : see `ClassIds`; not looked at beside one.

    Returns
    -------
    A row an object, in their order: the columns of `monitor.evaluation.tables.TRUTH`, but for clip and
    condition.
    """
    ignored = np.asarray(truth.data.get("ignore", ()), dtype=np.bool_)
    if ignored.any():
        kept = truth[~ignored]
        assert isinstance(kept, sv.Detections)
        truth = kept
    if not len(truth):
        return []
    ids = class_names if isinstance(class_names, ClassIds) else ClassIds(class_names, aliases)
    names = np.asarray(truth.data["class_name"]).tolist()
    identities = np.asarray(truth.data.get("object_id", [UNKNOWN] * len(truth))).tolist()
    rows: list[Row] = []
    for number, (name, identity, box) in enumerate(
        zip(names, identities, truth.xyxy.tolist(), strict=True)
    ):
        row: Row = {
            "frame": frame,
            "number": number,
            "identity": None if identity == UNKNOWN else identity,
            "class": name,
            "class_id": ids.of(name),
        }
        row.update(zip(_EDGES, box, strict=True))
        rows.append(row)
    for answer, boxes in (("clean", clean), ("attacked", attacked)):
        _match(rows, answer, truth, boxes, iou)
    return rows


def _match(
    rows: Sequence[Row], answer: str, truth: sv.Detections, boxes: sv.Detections, iou: float
) -> None:
    keys = tuple(f"{answer}_{name}" for name in ("index", "class_id", "score", "iou"))
    for row in rows:
        row.update(dict.fromkeys(keys))
    labels = None if boxes.class_id is None else boxes.class_id.tolist()
    scores = None if boxes.confidence is None else boxes.confidence.tolist()
    for number, index, overlap in pair(truth, boxes, iou):
        label = None if labels is None else labels[index]
        score = None if scores is None else scores[index]
        rows[number].update(zip(keys, (index, label, score, overlap), strict=True))
