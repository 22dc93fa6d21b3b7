"""The tables of an evaluation: those of a run, with the clip and the condition before each row.

Rows are ordered by clip, condition and frame. Wall-clock times are in none of them, so that they are equal
byte for byte whoever did the work.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from monitor.runs.tables import FRAMES, OBJECTS, TRACKS
from monitor.runs.tables import field as _field

Row = dict[str, Any]

_KEYS: Final = [
    _field("clip", pa.int32(), "", "number of the clip, in clips"),
    _field("condition", pa.int32(), "", "number of the condition, in conditions"),
]

CLIPS: Final = pa.schema(
    [
        _field("clip", pa.int32(), "", "its number, in the order in which the paths came"),
        _field("name", pa.string(), "", "path or scene, without credentials"),
        _field("frames", pa.int64(), "1", "that went through"),
        _field("width", pa.int32(), "px", "of the frames as they were worked on"),
        _field("height", pa.int32(), "px", "of the frames as they were worked on"),
        _field("fps", pa.float64(), "1/s", "that the medium states; null: none", True),
        _field("truth", pa.string(), "", "where its ground truth comes from; empty: there is none"),
        _field("sha256", pa.string(), "", "of the file; empty for a scene"),
    ]
)

CONDITIONS: Final = pa.schema(
    [
        _field("condition", pa.int32(), "", "its number, in the suite's order"),
        _field("name", pa.string(), "", "told from all others"),
        _field("model", pa.string(), "", "as --model takes it"),
        _field("attack", pa.string(), "", "as --attack takes it, or none"),
        _field("knowledge", pa.string(), "", "of the attacker; null: no attack", True),
        _field("goal", pa.string(), "", "of the attacker"),
        _field("target", pa.string(), "", "class that the goal heeds; null: none", True),
        _field("norm", pa.string(), "", "of the budget; null: no attack", True),
        _field("eps", pa.float64(), "1", "the budget, pixel units of [0, 1] (l0: pixels)", True),
        _field("eps_text", pa.string(), "", "the budget as it is written"),
        _field("faults", pa.string(), "", "of the camera, as the setting has them; empty: none"),
        _field("seed", pa.int64(), "", "of the draws"),
    ]
)

SUITE_FRAMES: Final = pa.schema([*_KEYS, *FRAMES])

_INDEXES: Final = [
    _field("clean_index", pa.int32(), "", "position in the clean answer", True),
    _field("attacked_index", pa.int32(), "", "position in the attacked answer", True),
]
SUITE_OBJECTS: Final = pa.schema([*_KEYS, OBJECTS.field("frame"), *_INDEXES, *list(OBJECTS)[1:]])

TRUTH: Final = pa.schema(
    [
        *_KEYS,
        _field("frame", pa.int64(), "1", "index of the frame"),
        _field("number", pa.int32(), "", "of the object among the frame's"),
        _field("identity", pa.int64(), "", "the same in every frame; null: not known", True),
        _field("class", pa.string(), "", "its class"),
        _field(
            "class_id", pa.int32(), "1", "of the model; null: the model knows no such class", True
        ),
        *(
            _field(f"{side}_px", pa.float64(), "px", f"{edge} edge of its box")
            for side, edge in {"x0": "left", "y0": "top", "x1": "right", "y1": "bottom"}.items()
        ),
        *(
            _field(f"{answer}_{name}", kind, unit, f"{meaning} in the {answer} answer", True)
            for answer in ("clean", "attacked")
            for name, kind, unit, meaning in (
                ("index", pa.int32(), "", "position of the box that it is matched with"),
                ("class_id", pa.int32(), "1", "class of that box"),
                ("score", pa.float64(), "1", "score of that box"),
                ("iou", pa.float64(), "1", "overlap with that box"),
            )
        ),
    ]
)
"""An object is matched with a box of any class at IoU >= drift.iou, one to one, highest IoU sum; it is found
where that box has its class."""

SUITE_TRACKS: Final = pa.schema([*_KEYS, *TRACKS])

TABLES: Final[dict[str, pa.Schema]] = {
    "frames": SUITE_FRAMES,
    "objects": SUITE_OBJECTS,
    "truth": TRUTH,
    "tracks": SUITE_TRACKS,
}
"""Those in parts: NAME/part-00000.parquet and on."""

LISTS: Final[dict[str, pa.Schema]] = {"clips": CLIPS, "conditions": CONDITIONS}
"""Those in one file: NAME.parquet."""
