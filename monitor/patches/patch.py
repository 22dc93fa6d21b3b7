"""A patch and what is known of it: a PNG that can be printed, and a JSON beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, PngImagePlugin
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from monitor.arrays import Pixels
from monitor.errors import PatchError
from monitor.goals import Goal

NOTE: Final = (
    "Adversarial patch made by camdrift: test material, for testing one's own models. "
    "Not for use on public roads or against other people's systems."
)
"""What stands in every file of a patch, and on its print."""

MADE: Final = Path(__file__).parent / "made"
"""Where the patches lie that come with camdrift; they are named without a suffix."""

LEAST, MOST = 8, 1024
"""Pixels of a side."""


class Facts(BaseModel):
    """What the JSON says of a patch.

    Attributes
    ----------
    model : that it was trained on.
    goal, target : what for; the target is a class name, or empty.
    victims : classes of the objects that it hangs at and works on; none: all.
    place : where it hangs, as `patch_at` has it (`monitor.patches.placing`).
    share : of the frame that it covers at most: its L0 budget.
    width_mm : of its print.
    trained_on : the sources.
    steps, seed : of the training.
    looks : ranges of the transformations that it was trained under (`monitor.patches.looks`).
    held_out : share of objects or frames that fell in pictures and looks that training did not see, for
        this patch and for others of its size: "patch", "grey", "random"; and how many were looked at, "of".
    note : that it is test material.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    goal: Goal
    target: str = ""
    victims: tuple[str, ...] = ()
    place: str
    share: float = Field(gt=0, le=1)
    width_mm: float = Field(default=150.0, gt=0, le=2000)
    trained_on: tuple[str, ...] = ()
    steps: int = Field(default=0, ge=0)
    seed: int = 0
    looks: dict[str, Any] = {}
    held_out: dict[str, float] = {}
    note: str = NOTE


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """A patch.

    Attributes
    ----------
    pixels : uint8 BGR (h, w, 3).
    mask : uint8 (h, w): 255 where it shows, 0 where there is a hole.
    facts : all else.
    """

    pixels: Pixels
    mask: npt.NDArray[np.uint8]
    facts: Facts

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels of its own."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def aspect(self) -> float:
        """Width over height."""
        return float(self.pixels.shape[1] / self.pixels.shape[0])


def save(patch: Patch, file: Path) -> None:
    """Write FILE.png and FILE.json, each whole or not at all.

    Raises
    ------
    OSError : the folder cannot be written to.
    """
    picture = _picture(file)
    words = picture.with_suffix(".json")
    picture.parent.mkdir(parents=True, exist_ok=True)
    known = PngImagePlugin.PngInfo()
    known.add_text("Description", patch.facts.note)
    colours = np.dstack([patch.pixels[..., ::-1], patch.mask])
    partial = picture.with_suffix(".png.partial")
    Image.fromarray(colours, "RGBA").save(partial, format="PNG", pnginfo=known)
    partial.replace(picture)
    partial = words.with_suffix(".json.partial")
    text = json.dumps(json.loads(patch.facts.model_dump_json()), indent=2)
    partial.write_text(text + "\n", encoding="utf-8")
    partial.replace(words)


def load(name: str) -> Patch:
    """The patch of a file, PNG or JSON, or of a name that `made_names` gives.

    Raises
    ------
    PatchError : there is no such file, or it is not a patch.
    """
    file = _file_of(name)
    picture, words = file.with_suffix(".png"), file.with_suffix(".json")
    for needed in (picture, words):
        if not needed.is_file():
            raise PatchError(
                f"patch {name}: no file {needed}; a patch is a PNG and a JSON of one name, as "
                f"`camdrift patch train` writes them (with camdrift come {', '.join(made_names())})"
            )
    try:
        facts = Facts.model_validate_json(words.read_text(encoding="utf-8"))
    except (ValidationError, UnicodeDecodeError, OSError) as error:
        why = str(error)
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            why = f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}".lstrip(": ")
        raise PatchError(
            f"patch {name}: {words} does not describe a patch ({why}); take the file that "
            "`camdrift patch train` wrote"
        ) from None
    try:
        with Image.open(picture) as opened:
            if not all(LEAST <= side <= MOST for side in opened.size):
                raise PatchError(
                    f"patch {name}: {picture} is {opened.size[0]}x{opened.size[1]} pixels; a patch has "
                    f"sides of {LEAST} to {MOST}"
                )
            values = np.asarray(opened.convert("RGBA"), dtype=np.uint8)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise PatchError(
            f"patch {name}: {picture} is no picture ({error}); take the file that "
            "`camdrift patch train` wrote"
        ) from None
    pixels = np.ascontiguousarray(values[..., 2::-1])
    return Patch(pixels, np.ascontiguousarray(values[..., 3]), facts)


def made_names() -> tuple[str, ...]:
    """The patches that come with camdrift."""
    return tuple(sorted(file.stem for file in MADE.glob("*.json")))


def patch_for(model: str) -> str:
    """A patch that comes with camdrift for a model; the first of all where there is none; "" without any."""
    names = made_names()
    fitting = [name for name in names if load(name).facts.model == model]
    return next(iter([*fitting, *names]), "")


def controls(patch: Patch, seed: int = 0) -> Iterator[tuple[str, Patch]]:
    """Patches of its size and shape that nobody trained: what a patch must beat to be more than a cover."""
    grey = np.full_like(patch.pixels, 128)
    rng = np.random.default_rng((seed, 1))
    noise = rng.integers(0, 256, patch.pixels.shape, dtype=np.uint8)
    for name, pixels in (("grey", grey), ("random", noise)):
        yield name, Patch(pixels, patch.mask, patch.facts)


def _file_of(name: str) -> Path:
    if name in made_names():
        return MADE / f"{name}.png"
    try:
        return _picture(Path(name).expanduser())
    except (ValueError, RuntimeError) as error:  # ".", a home folder of nobody
        raise PatchError(
            f"patch {name}: not the name of a file ({error}); name a patch's PNG"
        ) from None


def _picture(file: Path) -> Path:
    """The PNG of a patch's file; a name like "stop.v2" has no suffix of a patch's."""
    if file.suffix in (".png", ".json"):
        return file.with_suffix(".png")
    return file.with_name(file.name + ".png")
