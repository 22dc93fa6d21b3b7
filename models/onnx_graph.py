"""Surgery on ONNX graphs: hand out what stands before the last sigmoid or softmax."""

from __future__ import annotations

import copy
from collections.abc import Collection
from typing import Any

_MOVES = {
    "Cast",
    "Flatten",
    "Identity",
    "Reshape",
    "Slice",
    "Split",
    "Squeeze",
    "Transpose",
    "Unsqueeze",
}
"""Operators that move values about and leave them as they are; their first input is what they move."""

_REDUCTIONS = {
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSum",
    "ReduceLogSumExp",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProd",
    "ReduceSumSquare",
}

_ENDS = {"Sigmoid", "Softmax"}


def before_activation(model: Any, outputs: Collection[int]) -> Any | None:
    """The same model with its scores before their last sigmoid or softmax; None where none is found.

    From every output backwards, through operators that only move values (concatenations included), to
    the first sigmoid or softmax: that branch is led past it, and whatever else used the activation keeps
    it. A sigmoid on the way to a *box* may be led past too, so the caller compares what both models say.

    Parameters
    ----------
    model : onnx.ModelProto; left alone.
    outputs : which of its outputs, by their place.
    """
    changed = copy.deepcopy(model)
    graph = changed.graph
    lifting = _Lifting(graph)
    names = [output.name for output in graph.output]
    lifted = [lifting.lift(name) if i in outputs else None for i, name in enumerate(names)]
    if not any(lifted):
        return None
    import onnx

    del graph.output[:]
    graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
        for name in (twin or name for twin, name in zip(lifted, names, strict=True))
    )
    graph.node.extend(lifting.added)
    _drop_unused(graph)
    del graph.value_info[:]
    return changed


def without_identities(model: Any) -> None:
    """Take Identity operators out, in place.

    Exporters put them where two layers hold the same weights, and onnx2torch wants weights as they are.
    """
    graph = model.graph
    outputs = {output.name for output in graph.output}
    source: dict[str, str] = {}
    kept = []
    for node in graph.node:
        for i, name in enumerate(node.input):
            node.input[i] = source.get(name, name)
        if node.op_type == "Identity" and node.output[0] not in outputs:
            source[node.output[0]] = node.input[0]
        else:
            kept.append(node)
    del graph.node[:]
    graph.node.extend(kept)


def with_axes_as_attributes(model: Any) -> None:
    """Write reductions as before opset 18, their axes an attribute and no input, in place.

    onnx2torch knows only that way; ReduceSum changed earlier, and it knows both.
    """
    import onnx

    fixed = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            fixed[node.output[0]] = node.attribute[0].t
    for node in model.graph.node:
        if node.op_type in _REDUCTIONS and len(node.input) == 2 and node.input[1] in fixed:
            axes = onnx.numpy_helper.to_array(fixed[node.input[1]]).tolist()
            del node.input[1]
            node.attribute.append(onnx.helper.make_attribute("axes", axes))


class _Lifting:
    """One walk over one graph; `added` are the copies of the moving operators behind lifted tensors."""

    def __init__(self, graph: Any) -> None:
        self._makers = {name: node for node in graph.node for name in node.output}
        self._lifted: dict[str, str | None] = {}
        self.added: list[Any] = []

    def lift(self, tensor: str) -> str | None:
        """The name of the tensor's twin before its activation; None where there is none."""
        if tensor not in self._lifted:
            self._lifted[tensor] = self._made(tensor)
        return self._lifted[tensor]

    def _made(self, tensor: str) -> str | None:
        node = self._makers.get(tensor)
        if node is None:
            return None
        if node.op_type in _ENDS:
            return str(node.input[0])
        moved = list(node.input) if node.op_type == "Concat" else list(node.input[:1])
        if node.op_type != "Concat" and node.op_type not in _MOVES:
            return None
        twins = [self.lift(name) for name in moved]
        if not any(twins):
            return None
        copied = copy.deepcopy(node)
        for i, twin in enumerate(twins):
            copied.input[i] = twin or moved[i]
        for i, name in enumerate(node.output):
            copied.output[i] = f"{name}__before_activation"
            self._lifted[name] = copied.output[i]
        copied.name = f"{node.name}__before_activation"
        self.added.append(copied)
        return self._lifted[tensor]


def _drop_unused(graph: Any) -> None:
    makers = {name: node for node in graph.node for name in node.output}
    wanted = [output.name for output in graph.output]
    used: set[str] = set()
    while wanted:
        node = makers.get(wanted.pop())
        if node is not None and node.output[0] not in used:
            used.add(node.output[0])
            wanted += node.input
    kept = [node for node in graph.node if node.output[0] in used]
    del graph.node[:]
    graph.node.extend(kept)
