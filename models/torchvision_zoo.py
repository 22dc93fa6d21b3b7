"""torchvision:NAME: its COCO detectors, weights from torchvision's cache or a download."""

from __future__ import annotations

import difflib
import pickle
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import torch

from models.errors import UnknownModel, WeightsError
from models.options import ModelOptions
from models.safe_pickle import Unreadable, plain_content
from models.torchvision_model import TorchvisionModel

PREFIX = "torchvision:"

_WITHOUT = ("maskrcnn", "keypointrcnn")
"""Families whose point is not the box."""

INSTEAD = "or use what needs no download: --model signs, ball or faces, or a model file of your own"


def torchvision_names() -> list[str]:
    """The detectors that torchvision has COCO weights for."""
    from torchvision.models import detection, list_models

    return [name for name in list_models(module=detection) if not name.startswith(_WITHOUT)]


def load_torchvision(name: str, options: ModelOptions) -> TorchvisionModel:
    """One of torchvision's COCO detectors, by its name without the prefix.

    Raises
    ------
    UnknownModel : no such name; the message names the nearest.
    WeightsError : the weights are not there and cannot be fetched, or are no weights.
    """
    path = weights_path(name)
    if not path.is_file():
        _download(name, path)
    _check_weights(name, path)
    from torchvision.models import get_model

    spec = PREFIX + name
    weights = _weights(name)
    try:
        # It reads the file once more, by itself: how the normalisations are built depends on its weights.
        model = get_model(name, weights=weights, progress=False)
    except RuntimeError as error:
        raise WeightsError(
            f"model {spec}: {path} holds other weights than this model's "
            f"({str(error).splitlines()[0]}); delete it to have it fetched anew"
        ) from error
    return TorchvisionModel(spec, model, weights.meta["categories"], options.input_size)


def weights_path(name: str) -> Path:
    """Where torchvision keeps the weights of a model.

    Raises
    ------
    UnknownModel : no such model.
    """
    file = Path(urlparse(_weights(name).url).path).name
    return Path(torch.hub.get_dir()) / "checkpoints" / file


def _weights(name: str) -> Any:
    from torchvision.models import get_model_weights

    known = torchvision_names()
    if name not in known:
        nearest = difflib.get_close_matches(name, known, n=1, cutoff=0)[0]
        raise UnknownModel(
            f"model {PREFIX}{name}: torchvision has no such detector; the nearest is {PREFIX}{nearest}"
        )
    return get_model_weights(name).DEFAULT


def _download(name: str, path: Path) -> None:
    url = str(_weights(name).url)
    prefix = path.stem.rpartition("-")[2]  # of the sha256, as torchvision names its files
    watched = sys.stderr.isatty()
    if watched:
        print(f"fetching {url}", file=sys.stderr)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(url, str(path), prefix, progress=watched)
    except OSError as error:  # urllib's errors are OSErrors
        raise WeightsError(
            f"model {PREFIX}{name}: its weights {path.name} are not in {path.parent} and cannot be "
            f"fetched ({getattr(error, 'reason', error)}); put the file there, {INSTEAD}"
        ) from error
    except RuntimeError as error:  # what torch.hub raises on a wrong hash
        raise WeightsError(
            f"model {PREFIX}{name}: the download of {path.name} is damaged ({error}); try again, {INSTEAD}"
        ) from error


def _check_weights(name: str, path: Path) -> None:
    """Let nothing but plain tensors through: torchvision's own loader would unpickle anything."""
    try:
        plain_content(path)
    except (pickle.UnpicklingError, Unreadable) as error:
        raise WeightsError(
            f"model {PREFIX}{name}: {path} is no file of weights ({type(error).__name__}); "
            "delete it to have it fetched anew"
        ) from error
