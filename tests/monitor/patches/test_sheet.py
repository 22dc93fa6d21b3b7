"""A patch on paper, measured on the rendered page as with a ruler."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pypdfium2
import pytest

from monitor.errors import PatchError
from monitor.goals import Goal
from monitor.patches.patch import NOTE, Facts, Patch
from monitor.patches.sheet import MOST_PAGES, OVERLAP, PAGES, write_sheet

DPI = 300
PER_MM = DPI / 25.4
CLOSE = 0.3
"""mm."""

Page = npt.NDArray[np.int16]


def colours(height: int = 12, width: int = 12) -> npt.NDArray[np.uint8]:
    """BGR, saturated: each texel has a channel at 0 and one at 255, and is like neither ink nor paper."""
    rng = np.random.default_rng(4)
    pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    order = rng.permuted(np.tile([0, 1, 2], (height, width, 1)), axis=2)
    np.put_along_axis(pixels, order[..., :1], 0, axis=2)
    np.put_along_axis(pixels, order[..., 1:2], 255, axis=2)
    return pixels


def a_patch(height: int = 12, width: int = 12, **facts: object) -> Patch:
    words: dict[str, object] = {
        "model": "some-model",
        "goal": Goal.VANISH,
        "victims": ("stop sign", "tram"),
        "place": "below:1.5",
        "share": 0.05,
    }
    pixels = colours(height, width)
    return Patch(pixels, np.full((height, width), 255, np.uint8), Facts(**{**words, **facts}))


def rendered(file: Path, number: int = 0) -> Page:
    """RGB."""
    with pypdfium2.PdfDocument(file) as document:
        page = document[number].render(scale=DPI / 72, rev_byteorder=True)
        return page.to_numpy()[..., :3].astype(np.int16)


def texts(file: Path) -> list[str]:
    """Of each page, without its line breaks."""
    with pypdfium2.PdfDocument(file) as document:
        return [" ".join(page.get_textpage().get_text_bounded().split()) for page in document]


def coloured(page: Page) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of all that is saturated; mm."""
    saturated = np.ptp(page, axis=2) > 100
    rows, columns = (np.flatnonzero(saturated.sum(axis) > 20) for axis in (1, 0))
    found = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    left, top, right, bottom = (float(edge) / PER_MM for edge in found)
    return left, top, right, bottom


def at(page: Page, x: float, y: float) -> Page:
    """The colour at a place in mm."""
    return page[round(y * PER_MM), round(x * PER_MM)]


def scale_bar(page: Page) -> list[float]:
    """Where the longest line of 20 to 60 mm has its ends and its ticks, from its left end on; mm."""
    dark = page.max(axis=2) < 160
    best = (0, 0, 0)
    for y, row in enumerate(dark):
        ends = np.flatnonzero(np.diff(np.pad(row.astype(np.int8), 1))).tolist()
        runs = [(end - start, start, y) for start, end in zip(ends[::2], ends[1::2], strict=True)]
        best = max([best, *(run for run in runs if 20 < run[0] / PER_MM < 60)])
    length, left, y = best
    above = dark[y - round(PER_MM), left : left + length].astype(np.int8)
    ticks = np.flatnonzero(np.diff(np.pad(above, 1))).reshape(-1, 2).mean(axis=1) / PER_MM
    # The bar ends where its outer ticks do.
    assert length / PER_MM == pytest.approx(ticks[-1] - ticks[0], abs=CLOSE)
    return [float(tick - ticks[0]) for tick in ticks]


@pytest.mark.parametrize(
    ("height", "width", "width_mm", "page"),
    [
        (12, 12, 150.0, PAGES[0]),
        (12, 12, 10.0, PAGES[0]),
        (16, 12, 123.4, PAGES[0]),
        (8, 20, 250.0, PAGES[1]),
    ],
)
def test_the_patch_has_its_true_size_on_one_page_of_a4(
    height: int, width: int, width_mm: float, page: tuple[float, float], tmp_path: Path
) -> None:
    file = tmp_path / "patch.pdf"
    printed = write_sheet(a_patch(height, width), file, "patch", width_mm)
    assert printed.pages == 1
    assert (printed.width_mm, printed.height_mm) == (width_mm, width_mm * height / width)
    with pypdfium2.PdfDocument(file) as document:
        assert len(document) == 1
        assert [side * 25.4 / 72 for side in document[0].get_size()] == pytest.approx(
            page, abs=0.01
        )
    left, top, right, bottom = coloured(rendered(file))
    assert right - left == pytest.approx(width_mm, abs=CLOSE)
    assert bottom - top == pytest.approx(printed.height_mm, abs=CLOSE)
    assert 10 - CLOSE <= left < right <= page[0] - 10 + CLOSE


def test_without_a_width_the_patch_is_as_wide_as_its_facts_say(tmp_path: Path) -> None:
    file = tmp_path / "patch.pdf"
    assert write_sheet(a_patch(width_mm=80.0), file, "patch").width_mm == 80
    left, _, right, _ = coloured(rendered(file))
    assert right - left == pytest.approx(80, abs=CLOSE)


def test_texels_are_exact_and_crisp(tmp_path: Path) -> None:
    file, patch = tmp_path / "patch.pdf", a_patch()
    write_sheet(patch, file, "patch", 120.0)
    page = rendered(file)
    left, top, _, _ = coloured(page)
    for row, column in np.ndindex(12, 12):
        wanted = patch.pixels[row, column, ::-1].astype(np.int16)
        # The middle, and near the corners: nothing has run over from the next one.
        for down, across in ((5, 5), (0.6, 0.6), (9.4, 0.6), (0.6, 9.4), (9.4, 9.4)):
            got = at(page, left + 10 * column + across, top + 10 * row + down)
            assert np.abs(got - wanted).max() <= 2
    # And no viewer can blur them by more than a tenth of a millimetre, for the picture is as fine as that.
    with pypdfium2.PdfDocument(file) as document:
        (picture,) = document[0].get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])
        assert isinstance(picture, pypdfium2.PdfImage)
        assert min(picture.get_px_size()) >= 1200


@pytest.mark.parametrize(
    ("height", "width_mm", "pages"), [(12, 150.0, 1), (17, 190.0, 2), (12, 400.0, 7)]
)
def test_every_page_has_a_scale_bar_of_50_mm(
    height: int, width_mm: float, pages: int, tmp_path: Path
) -> None:
    file = tmp_path / "patch.pdf"
    assert write_sheet(a_patch(height), file, "patch", width_mm).pages == pages
    for number, text in enumerate(texts(file)):
        assert "50 mm: check it with a ruler; print at 100 %, without fitting to the page" in text
        ticks = scale_bar(rendered(file, number))
        assert ticks == pytest.approx([0, 10, 20, 30, 40, 50], abs=CLOSE)


def test_the_page_says_what_it_is(tmp_path: Path) -> None:
    file = tmp_path / "patch.pdf"
    patch = a_patch(height=8, goal=Goal.MISLABEL, target="speed limit", share=0.07, note="gone")
    write_sheet(patch, file, "an odd\nname", 150.0)
    (text,) = texts(file)
    for words in (
        "an odd name",
        "150 x 100 mm",
        "mislabel: objects are found as another class",
        "speed limit",
        "stop sign, tram",
        "some-model",
        "below:1.5",
        "covers at most 7 % of the frame",
        NOTE,
    ):
        assert words in text
    with pypdfium2.PdfDocument(file) as document:
        known = document.get_metadata_dict()
    assert known["Subject"] == NOTE
    assert known["Title"] == "Adversarial patch an odd name, 150 x 100 mm"


@pytest.mark.parametrize("goal", Goal)
@pytest.mark.parametrize("place", ["on", "left:0.5", "0.5,0.8", "0,0 1,0 1,1 0,1", "nowhere"])
def test_every_goal_and_place_is_put_in_words(goal: Goal, place: str, tmp_path: Path) -> None:
    file = tmp_path / "patch.pdf"
    write_sheet(a_patch(goal=goal, place=place), file, "patch")
    (text,) = texts(file)
    assert f"{goal}: " in text
    assert place in text


def test_long_words_stay_on_the_page(tmp_path: Path) -> None:
    file, patch = tmp_path / "patch.pdf", a_patch(victims=("x" * 300, *map(str, range(1000))))
    assert write_sheet(patch, file, "n" * 200, 150.0).pages == 1
    assert " ..." in texts(file)[0]
    page = rendered(file)
    marked = np.argwhere(page.min(axis=2) < 200) / PER_MM
    assert marked.min() > 9.8
    assert (marked.max(axis=0) < (287.2, 200.2)).all()


def test_a_hole_stays_white_and_has_a_cutting_line(tmp_path: Path) -> None:
    patch = a_patch()
    patch.mask[3:6, 4:8] = 0
    file = tmp_path / "patch.pdf"
    write_sheet(patch, file, "patch", 120.0)
    page = rendered(file)
    left, top, _, _ = coloured(page)
    rows = slice(round((top + 31) * PER_MM), round((top + 59) * PER_MM))
    columns = slice(round((left + 41) * PER_MM), round((left + 79) * PER_MM))
    assert (page[rows, columns] == 255).all()
    assert np.ptp(at(page, left + 39, top + 45)) > 100
    # One dash of 1 mm, then 1 mm without, along the upper edge of the hole.
    along = page[round((top + 29.9) * PER_MM) : round((top + 30.1) * PER_MM) + 1, columns]
    dark = (along.max(axis=2) < 100).any(axis=0)
    assert 0.3 < dark.mean() < 0.7


def test_a_patch_of_holes_still_has_its_outline(tmp_path: Path) -> None:
    patch = a_patch()
    patch.mask[:] = 0
    file = tmp_path / "patch.pdf"
    write_sheet(patch, file, "patch", 120.0)
    page = rendered(file)
    assert np.ptp(page, axis=2).max() == 0
    upper = page[round(30 * PER_MM) : round(200 * PER_MM)].max(axis=2)
    dark = np.flatnonzero((upper < 128).any(axis=0)) / PER_MM
    assert dark[-1] - dark[0] == pytest.approx(120, abs=CLOSE)


def test_what_fits_within_the_margins_is_not_cut(tmp_path: Path) -> None:
    file = tmp_path / "patch.pdf"
    patch = a_patch(height=277, width=190)
    assert write_sheet(patch, file, "patch", 190.0).pages == 2
    left, top, right, bottom = coloured(rendered(file, 1))
    assert (left, top, right, bottom) == pytest.approx((10, 10, 200, 287), abs=CLOSE)
    first, second = texts(file)
    assert "page 2 holds the patch, uncut" in first
    assert NOTE in second
    assert "patch, 190 x 277 mm" in second
    assert write_sheet(patch, file, "patch", 191.0).pages > 2


@pytest.mark.parametrize(
    ("height", "width", "rows", "columns"), [(40, 40, 2, 3), (8, 40, 1, 2), (40, 8, 4, 1)]
)
def test_the_pieces_of_a_large_patch_hold_all_of_it(
    height: int, width: int, rows: int, columns: int, tmp_path: Path
) -> None:
    file, patch = tmp_path / "patch.pdf", a_patch(height, width)
    texel = 10.0 if width == 40 else 20.0
    printed = write_sheet(patch, file, "patch", texel * width)
    assert printed.pages == 1 + rows * columns
    words = texts(file)
    assert len(words) == printed.pages
    glued = np.full((height, width, 3), -1, np.int16)
    wide = (printed.width_mm + OVERLAP * (columns - 1)) / columns
    high = (printed.height_mm + OVERLAP * (rows - 1)) / rows
    for i, (row, column) in enumerate(np.ndindex(rows, columns), start=1):
        assert f"row {row + 1} of {rows}, column {column + 1} of {columns}" in words[i]
        assert NOTE in words[i]
        tabs = 2 * (row < rows - 1) + 2 * (column < columns - 1)
        assert words[i].count("glue") == tabs
        page = rendered(file, i)
        left, top, right, bottom = coloured(page)
        assert (right - left, bottom - top) == pytest.approx((wide, high), abs=CLOSE)
        # Crop marks: they point at the corners and keep off the piece.
        for x in (left, right):
            assert _dark_near(page, x, top - 3)
            assert _dark_near(page, x, bottom + 3)
        for y in (top, bottom):
            assert _dark_near(page, left - 3, y)
            assert _dark_near(page, right + 3, y)
        begin = (column * (wide - OVERLAP), row * (high - OVERLAP))
        for r, c in np.ndindex(height, width):
            x, y = (c + 0.5) * texel - begin[0], (r + 0.5) * texel - begin[1]
            if 0.5 < x < wide - 0.5 and 0.5 < y < high - 0.5:
                got = at(page, left + x, top + y)
                # Where two pieces overlap they show the same.
                assert glued[r, c, 0] < 0 or np.abs(glued[r, c] - got).max() <= 2
                glued[r, c] = got
    assert np.abs(glued - patch.pixels[..., ::-1]).max() <= 2


def _dark_near(page: Page, x: float, y: float) -> bool:
    around = round(0.3 * PER_MM)
    row, column = round(y * PER_MM), round(x * PER_MM)
    spot = page[row - around : row + around + 1, column - around : column + around + 1]
    return bool(spot.max(axis=2).min() < 128)


def test_the_same_patch_gives_the_same_bytes(tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.pdf" for name in "ab"]
    for file in files:
        write_sheet(a_patch(), file, "patch", 300.0)
    first, second = (file.read_bytes() for file in files)
    assert first == second
    write_sheet(a_patch(), files[1], "patch", 301.0)
    assert files[1].read_bytes() != first


@pytest.mark.parametrize("width_mm", [9.99, 2000.1, -5.0, 0.0, float("nan"), float("inf")])
def test_a_width_that_cannot_be_printed_is_refused(width_mm: float, tmp_path: Path) -> None:
    with pytest.raises(
        PatchError, match=r"patch stop: a width of .* mm cannot .*; give one of 10 to 2000"
    ):
        write_sheet(a_patch(), tmp_path / "patch.pdf", "stop", width_mm)
    assert not list(tmp_path.iterdir())


def test_too_many_pages_are_refused(tmp_path: Path) -> None:
    patch = a_patch(height=36, width=12)
    with pytest.raises(PatchError, match=r"2000 x 6000 mm take \d{3} pages .* more than 100; give"):
        write_sheet(patch, tmp_path / "patch.pdf", "stop", 2000.0)
    assert not list(tmp_path.iterdir())
    assert write_sheet(a_patch(8, 8), tmp_path / "p.pdf", "stop", 700.0).pages <= MOST_PAGES


@pytest.mark.parametrize("name", ["patch", "patch.png", "patch.pdf.txt"])
def test_another_kind_of_file_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(PatchError, match=r"is printed to a PDF; name the file like .*\.pdf"):
        write_sheet(a_patch(), tmp_path / name, "stop")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_none_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        write_sheet(a_patch(), tmp_path / "file" / "patch.pdf", "stop")


def test_the_file_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "new" / "patch.PDF"
    write_sheet(a_patch(), file, "patch")
    before = file.read_bytes()

    def full(partial: Path, data: bytes) -> int:
        with partial.open("wb") as opened:
            opened.write(data[:100])
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="no space left"):
        write_sheet(a_patch(), file, "patch", 50.0)
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]
