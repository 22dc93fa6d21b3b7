"""Operators of onnx2torch's that torch no longer likes, written anew."""

from __future__ import annotations

import torch
from torch import nn


class Slice(nn.Module):
    """ONNX's Slice, one axis after the other.

    onnx2torch indexes with a list of slices, which torch deprecates at every call and will read as
    something else.
    """

    def forward(
        self,
        values: torch.Tensor,
        starts: torch.Tensor,
        ends: torch.Tensor,
        axes: torch.Tensor | None = None,
        steps: torch.Tensor | None = None,
    ) -> torch.Tensor:
        cuts = [slice(int(start), int(end)) for start, end in zip(starts, ends, strict=True)]
        along = range(len(cuts)) if axes is None else [int(axis) for axis in axes]
        strides = [1] * len(cuts) if steps is None else [int(step) for step in steps]
        for cut, axis, step in zip(cuts, along, strides, strict=True):
            if step > 0:
                before = (slice(None),) * (axis % values.ndim)
                values = values[(*before, slice(cut.start, cut.stop, step))]
            else:  # torch has no backward slices
                chosen = range(values.shape[axis])[cut.start : cut.stop : step]
                values = values.index_select(axis, torch.tensor(list(chosen)))
        return values


def renewed(network: nn.Module) -> nn.Module:
    """The network with these operators in the place of onnx2torch's, in place."""
    from onnx2torch.node_converters.slice import OnnxSlice

    for name, module in list(network.named_children()):
        if isinstance(module, OnnxSlice):
            setattr(network, name, Slice())
    return network
