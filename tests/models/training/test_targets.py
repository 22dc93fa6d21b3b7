"""What the network is asked for, cell by cell."""

from __future__ import annotations

import numpy as np
import pytest

from models.nano import STRIDE
from models.training.sample import Sample
from models.training.targets import Targets, targets

SIDE, CLASSES = 160, 3
CELLS = SIDE // STRIDE


def asked(
    boxes: list[tuple[float, ...]],
    labels: list[int],
    known: tuple[bool, ...] = (True, True, True),
    ignored: list[tuple[float, ...]] | None = None,
) -> Targets:
    sample = Sample(
        np.zeros((SIDE, SIDE, 3), np.uint8),
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(labels, np.int64),
        np.array(known),
        np.array(ignored or [], np.float32).reshape(-1, 4),
    )
    return targets(sample, CLASSES)


def test_shapes_and_types() -> None:
    made = asked([(10, 10, 60, 90)], [1])
    assert (made.heat.shape, made.heat.dtype) == ((CLASSES, CELLS, CELLS), np.float32)
    assert (made.counted.shape, made.counted.dtype) == ((CLASSES, CELLS, CELLS), np.bool_)
    assert (made.boxes.shape, made.boxes.dtype) == ((4, CELLS, CELLS), np.float32)
    assert (made.weight.shape, made.weight.dtype) == ((CELLS, CELLS), np.float32)


def test_the_cell_of_the_centre_is_1_and_no_other_is() -> None:
    made = asked([(16, 40, 96, 120)], [2])
    assert np.argwhere(made.heat == 1).tolist() == [[2, 80 // STRIDE, 56 // STRIDE]]
    assert not made.heat[:2].any()
    assert (made.heat <= 1).all()


def test_the_bump_falls_off_and_is_as_wide_as_the_box_says() -> None:
    row = asked([(8, 72, 152, 88)], [0]).heat[0]
    across, down = row[10], row[:, 10]
    peak = int(across.argmax())
    assert (np.diff(across[: peak + 1]) >= 0).all()
    assert (np.diff(across[peak:]) <= 0).all()
    # 144 px are 18 cells, of which 0.54 / 2 to each side; 16 px are less than a cell to each side.
    assert np.count_nonzero(across) == 2 * 4 + 1
    assert np.count_nonzero(down) == 1


def test_an_empty_picture_asks_for_nothing_and_counts_everywhere() -> None:
    made = asked([], [])
    assert not made.heat.any()
    assert made.counted.all()
    assert not made.weight.any()


def test_weights_of_an_object_sum_to_1() -> None:
    boxes = [(5.0, 5.0, 13.0, 11.0), (40.0, 40.0, 130.0, 100.0), (100.0, 120.0, 160.0, 160.0)]
    made = asked(boxes, [0, 1, 2])
    for box in boxes:
        mine = (made.boxes == np.array(box, np.float32)[:, None, None]).all(axis=0)
        mine &= made.weight > 0
        assert float(made.weight[mine].sum()) == pytest.approx(1, abs=1e-5)
    assert float(made.weight.sum()) == pytest.approx(3, abs=1e-5)


def test_only_cells_inside_a_box_answer_for_it() -> None:
    box = (20.0, 30.0, 150.0, 75.0)
    made = asked([box], [0])
    rows, columns = np.nonzero(made.weight)
    x, y = (columns + 0.5) * STRIDE, (rows + 0.5) * STRIDE
    assert len(rows) > 4
    assert ((x > box[0]) & (x < box[2]) & (y > box[1]) & (y < box[3])).all()


@pytest.mark.parametrize("turned", [False, True])
def test_the_smaller_of_two_objects_wins(turned: bool) -> None:
    large, small = (16.0, 16.0, 144.0, 144.0), (72.0, 72.0, 96.0, 96.0)
    boxes, labels = [large, small], [0, 1]
    made = asked(boxes[::-1] if turned else boxes, labels[::-1] if turned else labels)
    centre = 84 // STRIDE
    np.testing.assert_array_equal(made.boxes[:, centre, centre], small)
    large_cells = (made.boxes == np.array(large, np.float32)[:, None, None]).all(axis=0)
    assert large_cells.any(), "the large one keeps the cells around"
    assert made.heat[0].max() == 1
    assert made.heat[1].max() == 1


def test_an_object_at_the_lower_right_edge_has_its_cell() -> None:
    made = asked([(159.0, 159.0, 160.0, 160.0)], [0])
    assert made.heat[0, -1, -1] == 1
    assert made.weight[-1, -1] == 1


def test_an_unknown_class_does_not_count_but_where_something_else_is_known_to_be() -> None:
    made = asked([(40, 40, 80, 80)], [0], known=(True, False, True))
    inside = slice(40 // STRIDE, 80 // STRIDE)
    expected = np.zeros((CELLS, CELLS), bool)
    expected[inside, inside] = True
    np.testing.assert_array_equal(made.counted[1], expected)
    assert made.counted[0].all()
    assert made.counted[2].all()


def test_nothing_counts_in_an_ignored_region_but_the_centre_of_an_object() -> None:
    made = asked([(40, 40, 80, 80)], [0], ignored=[(32, 32, 64, 64)])
    ignored = np.zeros((CELLS, CELLS), bool)
    ignored[4:8, 4:8] = True
    ignored[60 // STRIDE, 60 // STRIDE] = False
    np.testing.assert_array_equal(made.counted[0], ~ignored)
    np.testing.assert_array_equal(made.counted[2], ~ignored)
