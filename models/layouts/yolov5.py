"""YOLOv5, v6, v7 and X: (N, A, 5 + C), box centre and size in input pixels, objectness, class scores."""

from __future__ import annotations

from dataclasses import dataclass, replace

from models.layouts.layout import Form, Outputs, Raw, Reader, corners, form_of, independent
from models.log_odds import of_product


@dataclass(frozen=True, slots=True)
class YoloV5Reader:
    """See the module; the score is objectness times class."""

    classes: int
    form: Form

    def with_logits(self) -> Reader:
        """See `Reader`."""
        return replace(self, form=Form.LOGIT)

    def read(self, outputs: Outputs, size: tuple[int, int]) -> Raw:
        """See `Reader`."""
        del size
        values = outputs[0]
        logits = independent(values[..., 4:], self.form)
        return Raw(of_product(logits[..., :1], logits[..., 1:]), lambda: corners(values[..., :4]))


class YoloV5:
    """The layout."""

    shape = "one output (N, candidates, 5 + classes)"

    def recognise(self, outputs: Outputs, classes: int | None) -> Reader | None:
        """See `Layout`; without names there are more candidates than values."""
        if len(outputs) != 1 or outputs[0].ndim != 3:
            return None
        _, rows, columns = outputs[0].shape
        if columns < 6 or (columns != 5 + classes if classes is not None else columns >= rows):
            return None
        return YoloV5Reader(columns - 5, form_of(outputs[0][..., 4:]))
