"""The faults that ImageNet-C has, beside an implementation of its authors' constants."""

from __future__ import annotations

import warnings

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from monitor.faults import FAULTS, IMAGENET_C

Pixels = npt.NDArray[np.uint8]

THEIRS = {
    "jpeg": "jpeg_compression",
    "down_sampling": "pixelate",
}
"""Names of ours that are others there."""

DRAWS = 6
"""Seeds of either side."""

NEAR = 0.15
"""By how much the deviation of what is changed may differ, as a share of theirs; glass: theirs overwrites
what it should swap, which moves more at severity 3, and their severity 4 then is the better picture."""


@pytest.fixture(scope="module")
def photograph(cup: Pixels) -> Pixels:
    """At the height at which sizes in pixels are the published ones."""
    return np.asarray(cv2.resize(cup, (640, 480), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


def corrupted(pixels: Pixels, name: str, severity: int, seed: int) -> Pixels:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from imagecorruptions import corrupt

        np.random.seed(seed)  # noqa: NPY002 - theirs draws from it
        done = corrupt(pixels[..., ::-1], corruption_name=name, severity=severity)
    return np.ascontiguousarray(done[..., ::-1])


@pytest.mark.slow
@pytest.mark.parametrize("severity", [1, 3, 5])
@pytest.mark.parametrize("name", [n for n, e in FAULTS.items() if e.source == IMAGENET_C])
def test_the_severities_are_the_published_ones(
    name: str, severity: int, photograph: Pixels
) -> None:
    # An angle or a cloud is another by chance and at another time; the mean over some is what is compared.
    ours, theirs = [], []
    for seed in range(DRAWS):
        fault = FAULTS[name].build((*photograph.shape[:2], 3), seed)
        ours.append(fault.apply(photograph, severity, 40 * seed).astype(float) - photograph)
        done = corrupted(photograph, THEIRS.get(name, name), severity, seed)
        theirs.append(done.astype(float) - photograph)
    spread, wanted = (float(np.mean([np.std(c) for c in changes])) for changes in (ours, theirs))
    near = 0.25 if name == "glass_blur" else NEAR
    assert spread == pytest.approx(wanted, rel=near, abs=1)
    assert np.mean(ours) == pytest.approx(np.mean(theirs), abs=max(0.15 * wanted, 2))
