"""Our own detectors as ONNX files, in the layout that YOLOv8 made common."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from torch import nn

from models.errors import ModelInputError
from models.nano import SIDE, Nano, NanoNet, boxes_of

OPSET = 17


class _Yolov8(nn.Module):
    """(N, 3, H, W) RGB in [0, 1] -> (N, 4 + C, A): centre, width and height in pixels, then scores."""

    def __init__(self, network: NanoNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        answer = self.network(frames.flip(1))
        scores = answer[:, :-4].flatten(2).sigmoid()
        left, up, right, down = boxes_of(answer[:, -4:]).transpose(1, 2).unbind(1)
        boxes = torch.stack([(left + right) / 2, (up + down) / 2, right - left, down - up], 1)
        return torch.cat([boxes, scores], 1)


def export_onnx(detector: Nano, path: Path, width: int, height: int) -> None:
    """Write a detector as ONNX: `images` (1, 3, height, width) RGB in [0, 1] -> `output0` (1, 4 + C, A).

    The same boxes come back through `camdrift live --model FILE.onnx --nms 0.5 --agnostic`; class names
    are in the file's metadata as `names`, where YOLOv8's exporter puts them.

    Raises
    ------
    ModelInputError : a side that is not a positive multiple of 32.
    """
    if min(width, height) < SIDE or width % SIDE or height % SIDE:
        raise ModelInputError(
            f"export of {detector.name}: size {width}x{height}; both sides must be multiples of {SIDE}"
        )
    import onnx

    frames = torch.zeros(1, 3, height, width)
    with warnings.catch_warnings():
        # The tracer notes that sizes become constants, which is what is wanted here.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Yolov8(detector.network).eval(),
            (frames,),
            str(path),
            input_names=["images"],
            output_names=["output0"],
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnx.load(str(path))
    names = dict(enumerate(detector.class_names))
    onnx.helper.set_model_props(model, {"names": str(names)})
    onnx.save(model, str(path))
