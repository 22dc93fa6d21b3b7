"""YOLOv8, YOLO11 and our own exports: (N, 4 + C, A), box centre and size in input pixels, class scores."""

from __future__ import annotations

from dataclasses import dataclass, replace

from models.layouts.layout import Form, Outputs, Raw, Reader, corners, form_of, independent


@dataclass(frozen=True, slots=True)
class YoloV8Reader:
    """See the module. `across` says that candidates come before values: (N, A, 4 + C)."""

    classes: int
    form: Form
    across: bool

    def with_logits(self) -> Reader:
        """See `Reader`."""
        return replace(self, form=Form.LOGIT)

    def read(self, outputs: Outputs, size: tuple[int, int]) -> Raw:
        """See `Reader`."""
        del size
        values = outputs[0] if self.across else outputs[0].transpose(1, 2)
        scores = values[..., 4:]
        return Raw(independent(scores, self.form), lambda: corners(values[..., :4]))


class YoloV8:
    """The layout."""

    shape = "one output (N, 4 + classes, candidates)"

    def recognise(self, outputs: Outputs, classes: int | None) -> Reader | None:
        """See `Layout`; the two axes are told apart by the names, else there are more candidates."""
        if len(outputs) != 1 or outputs[0].ndim != 3:
            return None
        _, rows, columns = outputs[0].shape
        if classes is not None:
            if 4 + classes not in (rows, columns):
                return None
            across = rows != 4 + classes
        else:
            across = rows > columns
        count = (columns if across else rows) - 4
        if count < 1:
            return None
        scores = outputs[0][..., 4:] if across else outputs[0][:, 4:]
        return YoloV8Reader(count, form_of(scores), across)
