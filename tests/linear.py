"""A detector that is linear in the frame, so that every attack's optimum is known in closed form."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import supervision as sv
import torch

from models.detector import Candidates, to_tensor

Pixels = npt.NDArray[np.uint8]

BOXES = ((0.0, 0.0, 4.0, 4.0), (8.0, 8.0, 12.0, 12.0))


class LinearDetector:
    """Two candidates far from each other; logit i = weights[i] . frame + bias[i].

    Parameters
    ----------
    weights : float (2, H, W, 3).
    bias : float (2,).
    """

    name = "linear"
    class_names = ("thing",)

    def __init__(self, weights: npt.NDArray[np.float32], bias: tuple[float, float]) -> None:
        self.weights = torch.from_numpy(weights).permute(0, 3, 1, 2)
        self.bias = torch.tensor(bias, dtype=torch.float32)

    def forward(self, frames: torch.Tensor) -> Candidates:
        logits = torch.einsum("nchw,achw->na", frames, self.weights) + self.bias
        return Candidates(logits[..., None], lambda: torch.tensor(BOXES).expand(len(logits), 2, 4))

    def decode(self, candidates: Candidates, threshold: float) -> list[sv.Detections]:
        found = []
        for logits, boxes in zip(candidates.logits, candidates.boxes, strict=True):
            scores = logits[:, 0].detach().sigmoid()
            kept = scores >= threshold
            found.append(
                sv.Detections(
                    xyxy=boxes[kept].detach().numpy().astype(np.float32).reshape(-1, 4),
                    confidence=scores[kept].numpy(),
                    class_id=np.zeros(int(kept.sum()), dtype=int),
                )
            )
        return found

    def detect(self, pixels: Pixels, threshold: float) -> sv.Detections:
        with torch.inference_mode():
            return self.decode(self.forward(to_tensor(pixels)), threshold)[0]

    def logits(self, pixels: Pixels) -> npt.NDArray[np.float32]:
        with torch.inference_mode():
            values: npt.NDArray[np.float32] = (
                self.forward(to_tensor(pixels)).logits[0, :, 0].numpy()
            )
        return values
