"""A user's .pt or .pth: TorchScript runs; weights alone and pickled objects are refused, with a reason."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from pathlib import Path

import torch

from models.detector import Detector
from models.errors import ModelLoadError, reason
from models.options import ModelOptions
from models.own_model import own_model
from models.safe_pickle import Unreadable, plain_content
from models.ultralytics_model import is_ultralytics, load_ultralytics

INSTEAD = "export it to ONNX or TorchScript, or write a factory (--model package.module:factory)"


def load_torch_file(path: Path, options: ModelOptions) -> Detector:
    """The detector in a TorchScript archive, or in a checkpoint of ultralytics' where that is installed.

    TorchScript holds code, but in a language of its own that torch interprets; a pickle holds Python, and
    unpickling would run it before anybody could look. So pickles are opened with `weights_only=True`, by
    which they can make tensors and plain containers and nothing else.

    Raises
    ------
    ModelLoadError : a pickle, weights without an architecture, a damaged file, or outputs of no layout.
    """
    if _is_torchscript(path):
        return own_model(path.name, _torchscript(path), options)
    try:
        content = plain_content(path)
    except pickle.UnpicklingError as error:
        if is_ultralytics(path):
            return load_ultralytics(path, options)
        raise ModelLoadError(
            f"model {path.name}: a pickled Python object, and a pickle can run any code when it is "
            f"opened; {INSTEAD}"
        ) from error
    except Unreadable as error:
        raise ModelLoadError(
            f"model {path.name}: no file that torch can read ({error}); save it again"
        ) from error
    raise ModelLoadError(
        f"model {path.name}: holds {_described(content)}, weights without an architecture; {INSTEAD}"
    )


def _is_torchscript(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("/constants.pkl") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


def _torchscript(path: Path) -> torch.nn.Module:
    try:
        with warnings.catch_warnings():
            # torch would rather have torch.export; the files that people have are what they are.
            warnings.simplefilter("ignore", FutureWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            network: torch.nn.Module = torch.jit.load(  # type: ignore[no-untyped-call]
                str(path), map_location="cpu"
            )
    except (RuntimeError, ValueError, OSError) as error:
        raise ModelLoadError(
            f"model {path.name}: torch cannot open this TorchScript ({reason(error)}); export it again"
        ) from error
    for parameter in network.parameters():  # requires_grad_ of the whole is not supported
        parameter.requires_grad_(False)
    return network.eval()


def _described(content: object) -> str:
    if isinstance(content, dict):
        return f"a dictionary of {len(content)} entries"
    return f"a {type(content).__name__}"
