"""Which of torchvision's classes is which family: the only registry of heads."""

from __future__ import annotations

from torch import nn
from torchvision.models.detection.faster_rcnn import FasterRCNN
from torchvision.models.detection.fcos import FCOS
from torchvision.models.detection.retinanet import RetinaNet
from torchvision.models.detection.ssd import SSD

from models.torchvision_heads.faster_rcnn import FasterRcnnHead
from models.torchvision_heads.fcos import FcosHead
from models.torchvision_heads.head import Head
from models.torchvision_heads.retinanet import RetinaNetHead
from models.torchvision_heads.ssd import SsdHead

FAMILIES: dict[type[nn.Module], Head] = {
    SSD: SsdHead(),
    RetinaNet: RetinaNetHead(),
    FCOS: FcosHead(),
    FasterRCNN: FasterRcnnHead(),
}


def head_of(model: object) -> Head | None:
    """The head of one of torchvision's detectors; None for anything else."""
    return next((head for kind, head in FAMILIES.items() if isinstance(model, kind)), None)
