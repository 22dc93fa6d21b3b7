"""What many tests need: the real detector, a real photograph, and a detector whose optimum is known."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import hypothesis
import numpy as np
import numpy.typing as npt
import pytest
import skimage.data

from models.centerface import CenterFace, load_centerface
from models.classifier import SIDE, WholeFrame, load_classifier
from models.memory import keep_freed_memory

Pixels = npt.NDArray[np.uint8]

keep_freed_memory()  # as the command does

# What an example takes says more of the machine than of the code. A run tries the same examples every
# time, so that a change is judged by what it changes; HYPOTHESIS_PROFILE=search looks for others.
hypothesis.settings.register_profile("camdrift", deadline=None, derandomize=True)
hypothesis.settings.register_profile("search", deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "camdrift"))

SHARED = Path(__file__).parent.parent.parent / "shared" / "data"


@pytest.fixture(scope="session")
def faces() -> CenterFace:
    """The real face detector."""
    return load_centerface()


@pytest.fixture(scope="session")
def imagenet() -> WholeFrame:
    """The real classifier."""
    return load_classifier()


@pytest.fixture(scope="session")
def photograph() -> Pixels:
    """A real photograph with one face, uint8 BGR (240, 320, 3), read-only."""
    return _astronaut(320, 240)


@pytest.fixture(scope="session")
def portrait() -> Pixels:
    """The same in a quarter of the pixels, (120, 160, 3), for what takes many looks."""
    return _astronaut(160, 120)


@pytest.fixture(scope="session")
def cup() -> Pixels:
    """A photograph that the classifier is sure of: an espresso, uint8 BGR (224, 224, 3), read-only."""
    picture = cv2.cvtColor(skimage.data.coffee(), cv2.COLOR_RGB2BGR)
    small = np.asarray(cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)
    small.flags.writeable = False
    return small


def _astronaut(width: int, height: int) -> Pixels:
    whole = cv2.cvtColor(skimage.data.astronaut(), cv2.COLOR_RGB2BGR)
    small = cv2.resize(whole[:384], (width, height), interpolation=cv2.INTER_AREA)
    picture = np.ascontiguousarray(small)
    picture.flags.writeable = False
    return picture


@pytest.fixture(scope="session")
def face_clips() -> list[Path]:
    """Real clips with faces, where they are to be had; else the test is skipped."""
    clips = sorted((SHARED / "faces" / "videos").glob("*"))
    if not clips:
        pytest.skip("needs the clips of ../shared/data/faces/videos, which are not here")
    return clips
