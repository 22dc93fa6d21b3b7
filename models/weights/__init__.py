"""The bundled weights: one safetensors file and one card a model, and how they are written and read."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import torch
from safetensors.torch import load
from safetensors.torch import save as to_bytes

from models.digests import check_sha256
from models.errors import WeightsError
from models.nano import Nano, NanoNet, fold

HERE = Path(__file__).parent


def save(network: NanoNet, path: Path, class_names: tuple[str, ...]) -> str:
    """Write a trained network, not folded, with its class names; the file's sha256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {name: value.cpu().contiguous() for name, value in network.state_dict().items()}
    content = to_bytes(state, metadata={"classes": json.dumps(class_names)})
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def load_nano(
    name: str, class_names: tuple[str, ...], sha256: str, path: Path | None = None
) -> Nano:
    """A bundled detector: weights checked, batch norm folded, channels last.

    Raises
    ------
    WeightsError : the file is missing, or not the one whose sha256 is expected.
    """
    path = path or HERE / f"{name}.safetensors"
    try:
        content = path.read_bytes()
    except OSError:
        raise WeightsError(
            f"model {name}: its weights {path.name} are missing; reinstall camdrift"
        ) from None
    check_sha256(
        content, sha256, what=f"model {name}: {path.name} has", remedy="reinstall camdrift"
    )
    return from_bytes(name, class_names, content)


def from_bytes(name: str, class_names: tuple[str, ...], content: bytes) -> Nano:
    """A detector from the content of a weights file.

    Raises
    ------
    WeightsError : it was trained for other classes.
    """
    trained = classes_in(content)
    if trained != class_names:
        raise WeightsError(
            f"model {name}: its weights are of the classes {', '.join(trained) or '(none named)'}, "
            f"expected {', '.join(class_names)}; reinstall camdrift"
        )
    network = NanoNet(len(class_names))
    network.load_state_dict(load(content))
    with torch.no_grad():
        return Nano(name, class_names, fold(network).to(memory_format=torch.channels_last))


def classes_in(content: bytes) -> tuple[str, ...]:
    """The class names that a weights file carries; () where it carries none."""
    length = int.from_bytes(content[:8], "little")  # of the JSON header, as safetensors has it
    metadata = json.loads(content[8 : 8 + length]).get("__metadata__", {})
    return tuple(json.loads(metadata.get("classes", "[]")))
