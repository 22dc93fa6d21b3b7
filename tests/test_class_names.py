"""Names that stand in two packages which do not know each other, and must be the same."""

from __future__ import annotations

import numpy as np
import pytest

from models.bundled import BALL, SIGNS
from streams.scenes import SCENES


@pytest.mark.parametrize(("scene", "classes"), [("road", SIGNS), ("pitch", BALL)])
def test_the_truth_of_a_scene_speaks_the_models_classes(
    scene: str, classes: tuple[str, ...]
) -> None:
    rendered = SCENES[scene](0)
    names: dict[int, str] = {}
    for index in range(0, 900, 30):
        _, truth = rendered.render(index)
        labels = truth.class_id if truth.class_id is not None else np.zeros(0, int)
        names |= dict(zip(labels.tolist(), truth.data["class_name"].tolist(), strict=True))
    shared = {label: name for label, name in names.items() if label < len(classes)}
    assert shared
    assert all(classes[label] == name for label, name in shared.items())
