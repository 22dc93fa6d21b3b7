"""A detector that is linear in the frame, so that every attack's optimum is known in closed form."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import supervision as sv
import torch

from models.detector import Candidates, Detector, to_tensor

Pixels = npt.NDArray[np.uint8]

BOXES = ((0.0, 0.0, 4.0, 4.0), (8.0, 8.0, 12.0, 12.0))


class LinearDetector:
    """Two candidates far from each other; logit i = weights[i] . frame + bias[i].

    Parameters
    ----------
    weights : float (2, H, W, 3), or (2, C, H, W, 3) for C classes.
    bias : float (2,) or (2, C).
    """

    name = "linear"

    def __init__(
        self,
        weights: npt.NDArray[np.float32],
        bias: npt.ArrayLike,
        class_names: tuple[str, ...] = ("thing",),
    ) -> None:
        classes = len(class_names)
        self.class_names = class_names
        self.weights = torch.from_numpy(weights.reshape(2, classes, *weights.shape[-3:]))
        self.bias = torch.from_numpy(np.asarray(bias, np.float32).reshape(2, classes))

    def forward(self, frames: torch.Tensor) -> Candidates:
        logits = torch.einsum("nchw,akhwc->nak", frames, self.weights) + self.bias
        return Candidates(logits, lambda: torch.tensor(BOXES).expand(len(logits), 2, 4))

    def decode(self, candidates: Candidates, threshold: float) -> list[sv.Detections]:
        found = []
        for logits, boxes in zip(candidates.logits, candidates.boxes, strict=True):
            best, label = logits.detach().max(dim=1)
            scores = best.sigmoid()
            kept = scores >= threshold
            labels = label[kept].numpy().astype(int)
            found.append(
                sv.Detections(
                    xyxy=boxes[kept].detach().numpy().astype(np.float32).reshape(-1, 4),
                    confidence=scores[kept].numpy(),
                    class_id=labels,
                    data={"class_name": np.array([self.class_names[i] for i in labels], dtype=str)},
                )
            )
        return found

    def detect(self, pixels: Pixels, threshold: float) -> sv.Detections:
        with torch.inference_mode():
            return self.decode(self.forward(to_tensor(pixels)), threshold)[0]

    def logits(self, pixels: Pixels) -> npt.NDArray[np.float32]:
        """Of the first class, (2,)."""
        return self.class_logits(pixels)[:, 0]

    def class_logits(self, pixels: Pixels) -> npt.NDArray[np.float32]:
        """Of all classes, (2, C)."""
        with torch.inference_mode():
            values: npt.NDArray[np.float32] = self.forward(to_tensor(pixels)).logits[0].numpy()
        return values


class OnlyDetects:
    """A model seen from outside: it answers, and keeps its gradients to itself."""

    def __init__(self, detector: Detector) -> None:
        self.asked = 0
        self._detector = detector
        self.name = f"{detector.name} behind a counter"
        self.class_names = detector.class_names

    def detect(self, pixels: Pixels, threshold: float) -> sv.Detections:
        self.asked += 1
        return self._detector.detect(pixels, threshold)
