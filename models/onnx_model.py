"""A user's ONNX file: white-box through onnx2torch where that agrees with onnxruntime, else black-box."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from models.black_box import BlackBox
from models.detector import Detector
from models.errors import ModelLoadError, reason
from models.fitting import Fit
from models.layouts.layout import Outputs
from models.onnx_graph import before_activation, with_axes_as_attributes, without_identities
from models.onnx_operators import renewed
from models.options import ModelOptions
from models.own_model import OwnModel, noise, outputs_of, own_model

AGREEMENT = 1e-3
"""How far two runtimes may be apart, as a share of the largest value of an output."""

OLDER_STANDARDS = (17, 13)
"""Opsets that a newer file is read as, where onnx2torch does not know its own."""


@dataclass(frozen=True, slots=True)
class _File:
    """What an ONNX file says of itself.

    Attributes
    ----------
    size : (width, height) that it demands; None: any.
    one_by_one : its batch is fixed at one frame.
    names : class names, as ultralytics writes them; () where there are none.
    """

    name: str
    model: Any
    size: tuple[int, int] | None
    one_by_one: bool
    names: tuple[str, ...]


def load_onnx(path: Path, options: ModelOptions) -> Detector:
    """The detector in an ONNX file; white-box, or black-box with a note that says why.

    The scores are taken before their last sigmoid or softmax where the graph allows it, so that losses
    do not saturate.

    Raises
    ------
    ModelLoadError : no ONNX, an input that is no picture, or outputs of no known layout.
    """
    file = _opened(path)
    run = _onnxruntime(file)
    reference = own_model(file.name, run, options, size=file.size, names=file.names)
    try:
        return _white_box(file, reference, run, options)
    except _NoGradient as why:
        note = f"black-box through onnxruntime: {why}"
        return BlackBox(reference, note)


class _NoGradient(Exception):
    """Why the file cannot be run with gradients."""


def _white_box(
    file: _File, reference: OwnModel, run: Callable[[torch.Tensor], Outputs], options: ModelOptions
) -> OwnModel:
    network = _converted(file.model, file.one_by_one)
    fit = Fit(file.size or options.input_size, options)
    values = noise(fit)
    _check_agreement(file.name, network, run, values)
    made = OwnModel(file.name, reference.class_names, network, fit, reference.reader, options)
    lifted = _lifted(file, made, values)
    if lifted is not None:
        made = OwnModel(
            file.name, reference.class_names, lifted, fit, reference.reader.with_logits(), options
        )
    _check_gradient(made, values)
    return made


def _converted(model: Any, one_by_one: bool) -> nn.Module:
    network = _first_converted(model)
    network.eval().requires_grad_(False)
    network = network.to(memory_format=torch.channels_last)
    return OneByOne(network) if one_by_one else network


def _first_converted(model: Any) -> nn.Module:
    """Converted as it is, else as what an older standard of ONNX says of the same operators.

    onnx2torch knows the standards up to 18, exporters write newer ones, and what came since is mostly more
    types. Where it is more than that, the answers disagree with onnxruntime's, and that is checked.
    """
    import onnx
    from onnx2torch import convert

    failed: Exception | None = None
    for standard in (None, *OLDER_STANDARDS):
        tried_as = onnx.ModelProto()
        tried_as.CopyFrom(model)
        without_identities(tried_as)
        with_axes_as_attributes(tried_as)
        for domain in tried_as.opset_import:
            if standard and domain.domain in ("", "ai.onnx"):
                domain.version = min(domain.version, standard)
        try:
            network = convert(tried_as)
        except Exception as error:  # noqa: BLE001 - of many kinds, each for another operator
            failed = failed or error
            continue
        assert isinstance(network, nn.Module)
        return renewed(network)
    assert failed is not None
    raise _NoGradient(f"onnx2torch cannot convert it ({reason(failed)})") from failed


def _check_agreement(
    name: str,
    network: nn.Module,
    run: Callable[[torch.Tensor], Outputs],
    values: torch.Tensor,
) -> None:
    expected = run(values)
    try:
        with torch.no_grad():
            given = outputs_of(name, network(values))
    except Exception as error:
        raise _NoGradient(f"the converted graph does not run ({reason(error)})") from error
    if [tuple(a.shape) for a in given] != [tuple(b.shape) for b in expected]:
        raise _NoGradient("the converted graph's outputs have other shapes than onnxruntime's")
    for i, (ours, theirs) in enumerate(zip(given, expected, strict=True)):
        scale = float(theirs.abs().max().clamp_min(1e-6))
        apart = float((ours - theirs).abs().max()) / scale
        if not apart <= AGREEMENT:  # NaN is no agreement
            raise _NoGradient(
                f"the converted graph's output {i} is {apart:.2g} of its largest value away from "
                "onnxruntime's"
            )


def _lifted(file: _File, made: OwnModel, values: torch.Tensor) -> nn.Module | None:
    """The network before its last activation, if its answer is the same: boxes and scores."""
    count = len(file.model.graph.output)
    # Of every output, else of one: a heat map's sigmoid is passed, that of the offsets is not.
    for outputs in (range(count), *([i] for i in range(count if count > 1 else 0))):
        model = before_activation(file.model, outputs)
        network = None if model is None else _if_the_same(file, made, model, values)
        if network is not None:
            return network
    return None


def _if_the_same(file: _File, made: OwnModel, model: Any, values: torch.Tensor) -> nn.Module | None:
    try:
        network = _converted(model, file.one_by_one)
        size = (values.shape[3], values.shape[2])
        with torch.no_grad():
            before = made.reader.read(outputs_of(file.name, made.network(values)), size)
            after = made.reader.with_logits().read(outputs_of(file.name, network(values)), size)
            same = torch.allclose(before.boxes(), after.boxes(), atol=1e-2) and torch.allclose(
                before.logits.sigmoid(), after.logits.sigmoid(), atol=1e-4
            )
    except Exception:  # noqa: BLE001 - an odd graph keeps its activation and loses nothing else
        return None
    return network if same else None


def _check_gradient(made: OwnModel, values: torch.Tensor) -> None:
    size = (values.shape[3], values.shape[2])
    asked = values.detach().clone().requires_grad_()
    try:
        raw = made.reader.read(outputs_of(made.name, made.network(asked)), size)
        (gradient,) = torch.autograd.grad(torch.logsumexp(raw.logits.flatten(), 0), asked)
    except RuntimeError as error:
        raise _NoGradient(f"no gradient comes back through it ({reason(error)})") from error
    if not (bool(gradient.isfinite().all()) and bool(gradient.any())):
        raise _NoGradient("the gradient that comes back through it is zero or not finite")


class OneByOne(nn.Module):
    """A network whose batch is fixed at one, over batches of any size."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, values: torch.Tensor) -> Outputs:
        answers = [outputs_of("onnx", self.network(one)) for one in torch.split(values, 1)]
        return tuple(torch.cat(parts) for parts in zip(*answers, strict=True))


def _opened(path: Path) -> _File:
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load(str(path))
        onnx.checker.check_model(model)
    except (DecodeError, onnx.checker.ValidationError, OSError) as error:
        raise ModelLoadError(
            f"model {path}: not a whole ONNX file: {reason(error)}; export it again"
        ) from error
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [given for given in model.graph.input if given.name not in weights]
    shapes = [_shape(given) for given in inputs]
    if len(inputs) != 1 or len(shapes[0]) != 4 or shapes[0][1] not in (3, None):
        shown = ", ".join(str(tuple(d or "any" for d in shape)) for shape in shapes)
        raise ModelLoadError(
            f"model {path}: its input is {shown or 'missing'}; expected one picture (N, 3, H, W), "
            "float, channels before rows; export it that way"
        )
    if inputs[0].type.tensor_type.elem_type != onnx.TensorProto.FLOAT:
        raise ModelLoadError(
            f"model {path}: its input is not float32; export it without half precision"
        )
    batch, _, height, width = shapes[0]
    size = (width, height) if width and height else None
    return _File(path.name, model, size, batch == 1, _names(model))


def _shape(given: Any) -> list[int | None]:
    dimensions = given.type.tensor_type.shape.dim
    return [
        d.dim_value if d.HasField("dim_value") and d.dim_value > 0 else None for d in dimensions
    ]


def _names(model: Any) -> tuple[str, ...]:
    """Class names in the metadata, as ultralytics writes them: a dict or list in Python's notation."""
    text = next((p.value for p in model.metadata_props if p.key == "names"), "")
    try:
        names = ast.literal_eval(text)  # reads literals only, runs nothing
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return ()
    if isinstance(names, dict):
        names = [names[key] for key in sorted(names)]
    return tuple(str(name) for name in names) if isinstance(names, list | tuple) else ()


def _onnxruntime(file: _File) -> Callable[[torch.Tensor], Outputs]:
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)  # errors; its warnings are for its own makers
    try:
        session = onnxruntime.InferenceSession(
            file.model.SerializeToString(), providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # it has a dozen kinds of its own, none documented
        raise ModelLoadError(
            f"model {file.name}: onnxruntime does not take it: {reason(error)}; export it again"
        ) from error
    name = session.get_inputs()[0].name

    def one(values: torch.Tensor) -> Outputs:
        given = {name: np.ascontiguousarray(values.detach().numpy())}
        return tuple(torch.from_numpy(np.asarray(a)) for a in session.run(None, given))

    if not file.one_by_one:
        return one

    def all_of_them(values: torch.Tensor) -> Outputs:
        answers = [one(frame) for frame in torch.split(values, 1)]
        return tuple(torch.cat(parts) for parts in zip(*answers, strict=True))

    return all_of_them
