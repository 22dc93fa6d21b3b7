"""Rows that are packed on the way are the rows that came."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.evaluation.gathered import Gathered
from monitor.evaluation.tables import TRUTH

EMPTY = dict.fromkeys(TRUTH.names)


def row(frame: int, place: int) -> dict[str, object]:
    box = {edge: float(frame) for edge in ("x0_px", "y0_px", "x1_px", "y1_px")}
    return (
        EMPTY | {"clip": 0, "condition": place, "frame": frame, "number": 0, "class": "stop"} | box
    )


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.booleans()), max_size=30))
def test_the_portions_do_not_show(steps: list[tuple[int, int, bool]]) -> None:
    packed, loose = Gathered(["truth"], 3), Gathered(["truth"], 3)
    for frame, (place, count, pack) in enumerate(steps):
        rows = [row(frame, place) for _ in range(count)]
        packed.add("truth", place, rows)
        loose.add("truth", place, iter(rows))
        if pack:
            packed.pack()
    table = packed.table("truth")
    assert table.equals(loose.table("truth"))
    assert table.schema.equals(TRUTH)
    keys = [(one["condition"], one["frame"]) for one in table.to_pylist()]
    assert keys == sorted(keys)
    assert len(keys) == sum(count for _, count, _ in steps)
