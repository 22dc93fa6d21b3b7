"""CenterNet-like: a heat map (N, C, h, w), sizes (N, 2, h, w) and, perhaps, offsets (N, 2, h, w), in cells.

Sizes are width before height, offsets x before y, added to the cell's index. (Zhou et al. 2019)
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from models.layouts.layout import Form, Outputs, Raw, Reader, corners, form_of, independent


@dataclass(frozen=True, slots=True)
class CenterNetReader:
    """See the module. `heat` is the heat map's place among the outputs; sizes and offsets follow in order."""

    classes: int
    form: Form
    heat: int

    def with_logits(self) -> Reader:
        """See `Reader`."""
        return replace(self, form=Form.LOGIT)

    def read(self, outputs: Outputs, size: tuple[int, int]) -> Raw:
        """See `Reader`."""
        heat = outputs[self.heat]
        rest = [output for i, output in enumerate(outputs) if i != self.heat]
        logits = independent(heat.flatten(2).transpose(1, 2), self.form)
        return Raw(logits, lambda: _boxes(rest, size))


def _boxes(maps: list[torch.Tensor], size: tuple[int, int]) -> torch.Tensor:
    sizes = maps[0]
    high, wide = sizes.shape[2:]
    rows = torch.arange(high, dtype=sizes.dtype)[:, None].expand(high, wide)
    columns = torch.arange(wide, dtype=sizes.dtype)[None, :].expand(high, wide)
    centre = torch.stack([columns, rows]) + (maps[1] if len(maps) > 1 else 0.0)
    stride = sizes.new_tensor([size[0] / wide, size[1] / high])[:, None, None]
    cells = torch.cat([(centre * stride).expand_as(sizes), sizes * stride], 1)
    return corners(cells.flatten(2).transpose(1, 2))


class CenterNet:
    """The layout."""

    shape = "heat map (N, classes, h, w), sizes (N, 2, h, w), perhaps offsets (N, 2, h, w)"

    def recognise(self, outputs: Outputs, classes: int | None) -> Reader | None:
        """See `Layout`; the heat map is the output that is not two deep, else the first."""
        if len(outputs) not in (2, 3) or any(output.ndim != 4 for output in outputs):
            return None
        if len({output.shape[2:] for output in outputs}) != 1:
            return None
        deep = [i for i, output in enumerate(outputs) if output.shape[1] != 2]
        heat = deep[0] if deep else 0
        count = outputs[heat].shape[1]
        if len(deep) > 1 or (classes is not None and count != classes):
            return None
        return CenterNetReader(count, form_of(outputs[heat]), heat)
