"""A user's own network as a detector: fitted to the frame, its outputs read by their layout."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import supervision as sv
import torch

from models.decoding import Decoder
from models.detector import Candidates, Pixels, checked, to_tensor
from models.errors import ModelLoadError, ModelOutputError, reason
from models.fitting import Fit
from models.layouts.layout import Outputs, Reader
from models.layouts.registry import reader_for
from models.options import ModelOptions

Network = Callable[[torch.Tensor], object]

PROBE_SIZE = (320, 256)
"""(width, height) of the noise that a network of any size is tried on."""

MOST = 300
"""Detections kept a frame, the best; YOLO's own limit."""


class OwnModel:
    """A white-box detector around a network and the layout of its outputs.

    Parameters
    ----------
    name : what the user calls it.
    class_names : class id -> name.
    network : input (N, 3, h, w) -> outputs.
    fit : frame -> input.
    reader : outputs -> logits and boxes.
    options : for the suppression.
    """

    def __init__(
        self,
        name: str,
        class_names: tuple[str, ...],
        network: Network,
        fit: Fit,
        reader: Reader,
        options: ModelOptions,
    ) -> None:
        self.name = name
        self.class_names = class_names
        self.note = ""
        self.network = network
        self.reader = reader
        self._fit = fit
        self._decoder = Decoder(
            name, class_names, options.nms, agnostic=options.agnostic, single=True, most=MOST
        )

    def forward(self, frames: torch.Tensor) -> Candidates:
        """See `WhiteBoxDetector.forward`."""
        values, placement = self._fit(checked(frames))
        raw = self.reader.read(outputs_of(self.name, self.network(values)), placement.size)
        return Candidates(raw.logits, lambda: placement.back(raw.boxes()))

    def decode(self, candidates: Candidates, threshold: float) -> list[sv.Detections]:
        """See `WhiteBoxDetector.decode`; a candidate counts for its best class, as YOLO has it."""
        return self._decoder.batch(candidates, threshold)

    def detect(self, pixels: Pixels, threshold: float) -> sv.Detections:
        """See `Detector.detect`."""
        with torch.inference_mode():
            return self.decode(self.forward(to_tensor(pixels)), threshold)[0]


def own_model(
    name: str,
    network: Network,
    options: ModelOptions,
    *,
    size: tuple[int, int] | None = None,
    names: Sequence[str] = (),
) -> OwnModel:
    """Try a network on noise, recognise its layout, and wrap it.

    Parameters
    ----------
    name, network : see `OwnModel`.
    options : what the user says of it; comes before what the file says.
    size : (width, height) that the file demands; None: any.
    names : class names that the file carries.

    Raises
    ------
    ModelLoadError : the network does not take such an input, or its outputs are of no known layout.
    """
    if size and options.input_size and size != options.input_size:
        raise ModelLoadError(
            f"model {name}: its input is fixed at {size[0]}x{size[1]}, not "
            f'{options.input_size[0]}x{options.input_size[1]}; set [model] input_size = "auto"'
        )
    fit = Fit(size or options.input_size, options)
    outputs = tried(name, network, fit)
    known = options.names or tuple(names)
    reader = reader_for(name, options.layout, outputs, len(known) or None)
    return OwnModel(name, known or numbered(reader.classes), network, fit, reader, options)


def noise(fit: Fit) -> torch.Tensor:
    """The input that one frame of noise makes; always the same."""
    width, height = fit.size or PROBE_SIZE
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    values, _ = fit(to_tensor(pixels))
    return values


def tried(name: str, network: Network, fit: Fit) -> Outputs:
    """What the network answers to one frame of noise.

    Raises
    ------
    ModelLoadError : it does not take the input.
    """
    values = noise(fit)
    try:
        with torch.inference_mode():
            return outputs_of(name, network(values))
    except ModelOutputError as error:
        raise ModelLoadError(str(error)) from error
    except Exception as error:  # whatever somebody's network throws
        raise ModelLoadError(
            f"model {name}: does not take an input of shape {tuple(values.shape)}: {reason(error)}; "
            "set [model] input_size"
        ) from error


def outputs_of(name: str, answer: object) -> Outputs:
    """The tensors at the top level of a network's answer; lists inside it are training by-products.

    Raises
    ------
    ModelOutputError : there is no tensor.
    """
    if isinstance(answer, torch.Tensor):
        return (answer,)
    items = tuple(answer.values()) if isinstance(answer, Mapping) else answer
    if isinstance(items, Sequence):
        found = tuple(item for item in items if isinstance(item, torch.Tensor))
        if found:
            return found
    raise ModelOutputError(
        f"model {name}: answers with a {type(answer).__name__} without a tensor in it; "
        "wrap it so that it returns its raw outputs"
    )


def numbered(count: int) -> tuple[str, ...]:
    """Names for classes that nobody has named."""
    return tuple(f"class {i}" for i in range(count))
