"""package.module:factory: anything in Python that detects."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from torch import nn

from models.black_box import FunctionModel
from models.detector import Detector
from models.errors import ModelError, ModelLoadError, reason
from models.options import ModelOptions
from models.own_model import own_model
from models.torchvision_heads.families import head_of
from models.torchvision_model import TorchvisionModel

SPEC = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
"""What such a name looks like."""

OPTIONS = "options"
"""A parameter of this name makes a factory of what else would be taken for a function of frames."""


def load_factory(spec: str, options: ModelOptions) -> Detector:
    """What `package.module:attribute` leads to, as a detector.

    The attribute is one of
    - a detector (`models.detector.Detector`), or a callable that returns one,
    - a callable that returns a torch module: [model] says what its outputs are; torchvision's own detectors
      are known,
    - a callable uint8 BGR frame -> supervision.Detections, or one that returns such a callable.

    A callable without parameters that must be given is called; so is one with a parameter `options`, which
    is handed the `ModelOptions`. Modules in the working folder can be imported, as with `python -m`.

    Raises
    ------
    ModelLoadError : it cannot be imported, fails, or returns something else; with the cause.
    """
    found = _imported(spec)
    if not isinstance(found, nn.Module) and not _is_detector(found) and callable(found):
        found = _made(spec, found, options)
    if head_of(found) is not None:
        if not options.names:
            raise ModelLoadError(
                f"model {spec}: its classes have no names; set [model] names (the background left out)"
            )
        return TorchvisionModel(spec, found, ("__background__", *options.names), options.input_size)
    if isinstance(found, nn.Module) and not _is_detector(found):
        return own_model(spec, found.eval().requires_grad_(False), options)
    if _is_detector(found):
        return cast(Detector, found)
    if callable(found):
        names = options.names or tuple(getattr(found, "class_names", ()))
        return FunctionModel(spec, found, names)
    raise ModelLoadError(
        f"model {spec}: is a {type(found).__name__}; expected a detector, a torch module, or a function "
        "frame -> supervision.Detections; see docs/models.md"
    )


def _is_detector(found: object) -> bool:
    # An instance: the class itself has the attributes too.
    return isinstance(found, Detector) and not isinstance(found, type)


def _imported(spec: str) -> Any:
    module, _, attribute = spec.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Any = importlib.import_module(module)
    except Exception as error:  # whatever somebody's module does when it is imported
        raise ModelLoadError(
            f"model {spec}: {module} cannot be imported ({reason(error)}); "
            "run from the folder that holds it, or install it"
        ) from error
    for name in attribute.split("."):
        if not hasattr(found, name):
            raise ModelLoadError(
                f"model {spec}: {module} has no {attribute}; check the name behind the colon"
            )
        found = getattr(found, name)
    return found


def _made(spec: str, found: Callable[..., object], options: ModelOptions) -> object:
    """What a factory returns; a function of frames as it is."""
    try:
        parameters = inspect.signature(found).parameters
    except (TypeError, ValueError):  # built in, no signature: a function of frames
        return found
    demanded = [
        name
        for name, parameter in parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    if OPTIONS in parameters:
        given = {OPTIONS: options}
    elif not demanded:
        given = {}
    else:
        return found
    try:
        return found(**given)
    except ModelError:
        raise
    except Exception as error:  # whatever somebody's factory throws
        raise ModelLoadError(
            f"model {spec}: the factory failed ({reason(error)}); `--debug` shows where"
        ) from error
