"""name -> layout: the only registry of output layouts."""

from __future__ import annotations

from models.errors import ModelLoadError
from models.layouts.centernet import CenterNet
from models.layouts.layout import Layout, Outputs, Reader
from models.layouts.ssd import Ssd
from models.layouts.yolov5 import YoloV5
from models.layouts.yolov8 import YoloV8

AUTO = "auto"

LAYOUTS: dict[str, Layout] = {
    "yolov8": YoloV8(),
    "yolov5": YoloV5(),
    "ssd": Ssd(),
    "centernet": CenterNet(),
}
"""In the order in which they are tried."""


def reader_for(model: str, layout: str, outputs: Outputs, classes: int | None) -> Reader:
    """The reader of a model's outputs.

    Parameters
    ----------
    model : its name, for messages.
    layout : a name of `LAYOUTS`, or "auto": the one that fits.
    outputs : of one frame of noise.
    classes : number of names that are known, None where none are.

    Raises
    ------
    ModelLoadError : none fits, several do, or the named one does not.
    """
    shapes = ", ".join(str(tuple(output.shape)) for output in outputs)
    named = "" if classes is None else f" with {classes} class names"
    if layout != AUTO:
        reader = LAYOUTS[layout].recognise(outputs, classes)
        if reader is None:
            raise ModelLoadError(
                f"model {model}: its output {shapes}{named} is not {layout}: expected "
                f"{LAYOUTS[layout].shape}; set [model] layout and names"
            )
        return reader
    fitting = {
        name: reader
        for name, one in LAYOUTS.items()
        if (reader := one.recognise(outputs, classes)) is not None
    }
    if _yolo_tall(fitting, outputs, classes):
        del fitting["yolov8"]
    if len(fitting) == 1:
        return next(iter(fitting.values()))
    found = f"could be {' or '.join(fitting)}" if fitting else "fits no layout"
    raise ModelLoadError(
        f"model {model}: its output {shapes}{named} {found}; set [model] layout "
        f"({', '.join(LAYOUTS)}) and names"
    )


def _yolo_tall(fitting: dict[str, Reader], outputs: Outputs, classes: int | None) -> bool:
    """Without names (A, 4 + C) and (A, 5 + C) cannot be told apart; the second is what people export."""
    both = "yolov5" in fitting and "yolov8" in fitting
    return both and classes is None and outputs[0].shape[1] > outputs[0].shape[2]
