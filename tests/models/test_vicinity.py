"""The vicinity of a frame: what it answers for edits is what a whole pass of the edited frames gives."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from nano_nets import nano, textured
from torch.overrides import TorchFunctionMode

import models.nano_vicinity
from models.bundled import load_ball, load_signs
from models.detector import to_tensor
from models.edits import Edits
from models.errors import ModelInputError
from models.nano import CellMap, Nano
from models.vicinity import LocalDetector, Vicinity
from models.zoo import load_model

TOLERANCE = 1e-4

Positions = npt.NDArray[np.int64]


@pytest.fixture(scope="module", params=["random", "signs", "ball"])
def detector(request: pytest.FixtureRequest) -> Nano:
    return {"random": nano, "signs": load_signs, "ball": load_ball}[request.param]()


@pytest.fixture(scope="module")
def random_one() -> Nano:
    return nano()


def edits_at(positions: object, seed: int = 0) -> Edits:
    places = np.asarray(positions)
    rng = np.random.default_rng(seed)
    # Extremes: the change has to be large enough to be seen.
    return Edits(places, rng.choice(np.array([0, 255], np.uint8), (*places.shape[:2], 3)))


def anywhere(seed: int, n: int, k: int, height: int, width: int) -> Edits:
    return edits_at(np.random.default_rng(seed).integers(0, (height, width), (n, k, 2)), seed)


def near(seed: int, n: int, k: int, height: int, width: int, spread: int) -> Edits:
    """All edits of a candidate within `spread` pixels, so that their windows overlap."""
    rng = np.random.default_rng(seed)
    centres = rng.integers(0, (height, width), (n, 1, 2))
    places = centres + rng.integers(-spread, spread + 1, (n, k, 2))
    return edits_at(places.clip(0, (height - 1, width - 1)), seed)


def whole(detector: Nano, pixels: npt.NDArray[np.uint8], edits: Edits) -> CellMap:
    with torch.inference_mode():
        return detector.forward(torch.cat([to_tensor(f) for f in edits.written(pixels)]))


def assert_same(detector: Nano, pixels: npt.NDArray[np.uint8], edits: Edits) -> None:
    expected = whole(detector, pixels, edits)
    answered = detector.vicinity(pixels).forward(edits)
    assert isinstance(answered, CellMap)
    torch.testing.assert_close(answered.logits, expected.logits, rtol=0, atol=TOLERANCE)
    torch.testing.assert_close(answered.boxes, expected.boxes, rtol=1e-4, atol=TOLERANCE)


def test_it_keeps_the_protocols(random_one: Nano) -> None:
    assert isinstance(random_one, LocalDetector)
    assert isinstance(random_one.vicinity(textured(0, 64, 64)), Vicinity)
    assert isinstance(load_model("signs"), LocalDetector)
    assert not isinstance(load_model("faces"), LocalDetector)


@pytest.mark.parametrize("k", [1, 2, 3, 5])
@pytest.mark.parametrize(("width", "height"), [(320, 192), (230, 170)])
def test_it_answers_as_whole_passes_do(detector: Nano, width: int, height: int, k: int) -> None:
    pixels = textured(1, width, height)
    assert_same(detector, pixels, anywhere(k, 20, k, height, width))


def test_it_answers_as_whole_passes_do_where_a_rectangle_is_a_small_part(detector: Nano) -> None:
    """The maps reach farther than the edits on every side."""
    width, height = 896, 832
    pixels = textured(2, width, height)
    places = np.array([[[416, 448]], [[410, 450]], [[424, 440]]])
    edits = edits_at(places)
    assert_same(detector, pixels, edits)
    with torch.inference_mode():
        clean = detector.forward(to_tensor(pixels)).logits
    same = detector.vicinity(pixels).forward(edits).logits == clean
    assert 0.2 < float(same.float().mean()) < 0.9, "the rectangle was all or nothing"


@pytest.mark.parametrize(("width", "height"), [(128, 96), (131, 101), (33, 31), (7, 5), (1, 1)])
def test_corners_and_borders(detector: Nano, width: int, height: int) -> None:
    rows, columns = (
        sorted({0, min(1, size - 1), size // 2, max(size - 2, 0), size - 1})
        for size in (height, width)
    )
    places = [[[row, column]] for row in rows for column in columns]
    assert_same(detector, textured(3, width, height), edits_at(places))


def test_every_offset_against_the_strides(random_one: Nano) -> None:
    """Windows start at multiples of 8, 16 and 32: every remainder once, down and across."""
    ramp = np.arange(32)
    places = np.stack([96 + ramp, 96 + (ramp * 7 + 3) % 32], -1)[:, None]
    assert_same(random_one, textured(4, 256, 224), edits_at(places))


@pytest.mark.parametrize("spread", [0, 1, 8, 40, 120])
@pytest.mark.parametrize("k", [2, 3, 5])
def test_windows_that_overlap(detector: Nano, k: int, spread: int) -> None:
    assert_same(detector, textured(5, 288, 192), near(k + spread, 12, k, 192, 288, spread))


def test_two_edits_far_apart(detector: Nano) -> None:
    places = [[[0, 0], [191, 639]], [[10, 600], [180, 20]], [[0, 320], [191, 320]]]
    assert_same(detector, textured(6, 640, 192), edits_at(places))


def test_of_two_edits_on_one_pixel_the_later_holds(random_one: Nano) -> None:
    pixels = textured(7, 96, 96)
    white, black = [255, 255, 255], [0, 0, 0]
    places = np.full((2, 2, 2), 40)
    both = Edits(places, np.array([[white, black], [black, white]], np.uint8))
    single = Edits(places[:, :1], both.colours[:, 1:])
    assert both.written(pixels)[:, 40, 40].tolist() == [black, white]
    assert_same(random_one, pixels, both)
    vicinity = random_one.vicinity(pixels)
    given = vicinity.forward(both).logits
    torch.testing.assert_close(given, vicinity.forward(single).logits, rtol=0, atol=TOLERANCE)
    assert float((given[0] - given[1]).abs().max()) > 1e-2


@given(
    seed=st.integers(0, 2**32 - 1),
    width=st.integers(1, 150),
    height=st.integers(1, 150),
    n=st.integers(1, 5),
    k=st.integers(1, 5),
)
@settings(max_examples=40)
def test_any_size_any_place(seed: int, width: int, height: int, n: int, k: int) -> None:
    assert_same(RANDOM, textured(seed, width, height), anywhere(seed, n, k, height, width))


RANDOM = nano(seed=1)


def test_an_edit_without_a_change_changes_nothing_and_others_do(random_one: Nano) -> None:
    pixels = textured(8, 160, 128)
    places = np.array([[[50, 60]], [[70, 80]]])
    colours = np.stack([pixels[50, 60], 255 - pixels[70, 80]])[:, None]
    answered = random_one.vicinity(pixels).forward(Edits(places, colours)).logits
    with torch.inference_mode():
        clean = random_one.forward(to_tensor(pixels)).logits[0]
    torch.testing.assert_close(answered[0], clean, rtol=0, atol=1e-5)
    assert float((answered[1] - clean).abs().max()) > 1e-2


@pytest.mark.parametrize("n", [1, 15, 16, 17, 63, 64, 65, 130])
def test_the_order_and_the_number_of_candidates_do_not_matter(random_one: Nano, n: int) -> None:
    pixels = textured(9, 96, 64)
    edits = anywhere(n, n, 2, 64, 96)
    vicinity = random_one.vicinity(pixels)
    answered = vicinity.forward(edits).logits
    assert answered.shape[0] == n
    torch.testing.assert_close(
        answered, whole(random_one, pixels, edits).logits, rtol=0, atol=TOLERANCE
    )
    turned = vicinity.forward(Edits(edits.positions[::-1], edits.colours[::-1])).logits
    torch.testing.assert_close(turned.flip(0), answered, rtol=0, atol=TOLERANCE)


def test_it_finds_what_whole_passes_find(random_one: Nano) -> None:
    pixels = textured(10, 320, 192)
    edits = anywhere(3, 4, 3, 192, 320)
    given = random_one.decode(random_one.vicinity(pixels).forward(edits), 0.5)
    expected = random_one.decode(whole(random_one, pixels, edits), 0.5)
    assert [len(d) for d in given] == [len(d) for d in expected]
    assert sum(map(len, given)) > 4
    for one, other in zip(given, expected, strict=True):
        np.testing.assert_allclose(one.xyxy, other.xyxy, atol=1e-2)


class Largest(TorchFunctionMode):
    """The most values that any result had in memory of its own."""

    def __init__(self, but: int) -> None:
        super().__init__()
        self.values, self.but = 0, but

    def __torch_function__(self, function, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        result = function(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor) and result.untyped_storage().nbytes() != self.but:
            self.values = max(self.values, result.untyped_storage().nbytes() // 4)
        return result


@pytest.mark.parametrize("k", [1, 5])
def test_memory_does_not_grow_with_the_candidates_but_for_the_answer(
    random_one: Nano, k: int
) -> None:
    pixels = textured(11, 128, 96)
    vicinity = random_one.vicinity(pixels)
    most = []
    full = models.nano_vicinity.SPOTS // k
    for n in (full, 4 * full):
        edits = anywhere(0, n, k, 96, 128)
        answer = vicinity.forward(edits).logits.untyped_storage().nbytes()
        with Largest(but=answer) as largest:
            vicinity.forward(edits)
        most.append(largest.values)
    assert most[0] > 0
    assert most[1] <= 1.1 * most[0]


@pytest.mark.parametrize("group", [1, 5])
def test_the_cut_into_groups_changes_no_answer(
    random_one: Nano, monkeypatch: pytest.MonkeyPatch, group: int
) -> None:
    pixels = textured(12, 480, 64)
    edits = anywhere(1, 13, 2, 64, 480)
    expected = random_one.vicinity(pixels).forward(edits).logits
    monkeypatch.setattr(models.nano_vicinity, "CELLS", group * 480)
    monkeypatch.setattr(models.nano_vicinity, "SPOTS", 12)
    answered = random_one.vicinity(pixels).forward(edits).logits
    torch.testing.assert_close(answered, expected, rtol=0, atol=TOLERANCE)


def test_the_picture_may_be_written_into_afterwards(random_one: Nano) -> None:
    pixels = textured(13, 64, 64)
    edits = anywhere(0, 3, 1, 64, 64)
    expected = whole(random_one, pixels, edits).logits
    vicinity = random_one.vicinity(pixels)
    pixels[:] = 0
    torch.testing.assert_close(vicinity.forward(edits).logits, expected, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("place", [(60, 0), (0, 70), (-1, 5), (5, -1)])
def test_an_edit_outside_the_frame_is_one_clear_line(
    random_one: Nano, place: tuple[int, int]
) -> None:
    pixels = textured(14, 70, 60)  # padded to 96 x 64: the padding is no place to edit either
    edits = edits_at([[[0, 0]], [place]])
    said = rf"^edit 0 of candidate 1 is at row {place[0]}, column {place[1]}: [^\n]*60 rows and 70 columns$"
    with pytest.raises(ModelInputError, match=said):
        random_one.vicinity(pixels).forward(edits)
    with pytest.raises(ModelInputError, match=said):
        edits.written(pixels)


def test_an_empty_picture_is_refused(random_one: Nano) -> None:
    with pytest.raises(ModelInputError, match=r"^[^\n]+$"):
        random_one.vicinity(np.zeros((0, 32, 3), np.uint8))


PLACES, COLOURS = np.zeros((4, 2, 2), np.int64), np.zeros((4, 2, 3), np.uint8)
REFUSED = [
    pytest.param(PLACES[0], COLOURS, r"expected \(N, k, 2\)", id="two axes"),
    pytest.param(PLACES[:0], COLOURS[:0], r"N >= 1", id="no candidate"),
    pytest.param(PLACES[:, :0], COLOURS[:, :0], r"k >= 1", id="no edit"),
    pytest.param(PLACES, COLOURS[:, :1], r"expected \(4, 2, 3\)", id="fewer colours"),
    pytest.param(PLACES, COLOURS[..., :1], r"one BGR colour", id="grey"),
    pytest.param(PLACES.astype(float), COLOURS, r"integers and uint8", id="float places"),
    pytest.param(PLACES, COLOURS.astype(int), r"integers and uint8", id="int colours"),
]


@pytest.mark.parametrize(("places", "colours", "said"), REFUSED)
def test_edits_of_another_form_are_refused(
    places: Positions, colours: npt.NDArray[np.uint8], said: str
) -> None:
    with pytest.raises(ModelInputError, match=rf"^[^\n]*{said}[^\n]*$"):
        Edits(places, colours)


def test_written_leaves_the_picture_alone() -> None:
    pixels = textured(15, 20, 10)
    before = pixels.copy()
    edits = anywhere(0, 3, 2, 10, 20)
    frames = edits.written(pixels)
    assert len(edits) == 3
    assert frames.shape == (3, 10, 20, 3)
    assert not np.shares_memory(frames, pixels)
    np.testing.assert_array_equal(pixels, before)
    assert (frames != pixels).any(-1).sum(axis=(1, 2)).max() <= 2
