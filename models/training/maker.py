"""What makes training pictures: one maker a model, each picture a pure function of its random generator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from models.errors import ModelError
from models.training.photos import Photo, held_out
from models.training.placing import Canvas
from models.training.sample import Sample

SIDE = 320
"""Pixels; side of a training picture."""


class Maker(Protocol):
    """Makes training pictures."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """Of the labels."""
        ...

    def make(self, rng: np.random.Generator) -> Sample:
        """One picture, `SIDE` pixels square, and what is in it."""
        ...


@dataclass(frozen=True, slots=True)
class Material:
    """Where the material lies.

    Attributes
    ----------
    data : the folder of real pictures.
    sprites : folder of the package with the sign sprites; only `signs` needs it.
    seed : of everything that is drawn once.
    """

    data: Path
    sprites: Path | None
    seed: int


def trained_on(photos: list[Photo], name: str, data: Path) -> list[Photo]:
    """The photographs without those that are held out for that model.

    Raises
    ------
    ModelError : none is left.
    """
    kept = held_out(name)
    left = [photo for photo in photos if photo.path.relative_to(data).as_posix() not in kept]
    if not left:
        raise ModelError(
            f"training {name}: every photograph in {data} is held out; get the whole data set"
        )
    return left


def decoded(photo: Photo, known: np.ndarray) -> Sample:
    """A photograph as a sample at its own size."""
    pixels = photo.pixels()
    height, width = pixels.shape[:2]
    boxes = photo.boxes * np.array([width, height, width, height], np.float32)
    return Sample(pixels, boxes, photo.labels, known, np.zeros((0, 4), np.float32))


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A number whose logarithm is uniform."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def finished(canvas: Canvas, sample: Sample) -> Sample:
    """The canvas as a sample: what the base picture holds and what was put into it."""
    if not canvas.boxes:
        return Sample(canvas.pixels, sample.boxes, sample.labels, sample.known, sample.ignored)
    placed = Sample(
        canvas.pixels,
        np.stack(canvas.boxes),
        np.array(canvas.labels, np.int64),
        sample.known,
        np.zeros((0, 4), np.float32),
    ).within(0, 0, (1.0, 1.0), canvas.side)
    return Sample(
        canvas.pixels,
        np.concatenate([sample.boxes, placed.boxes]),
        np.concatenate([sample.labels, placed.labels]),
        sample.known,
        np.concatenate([sample.ignored, placed.ignored]),
    )


MakerFactory = Callable[[Material], Maker]
