"""The arrays that the monitor hands around, by name."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
"""A picture: uint8, shape (height, width, 3), channels in BGR order."""

Gradient = npt.NDArray[np.float32]
"""A gradient or an offset of a picture: float32, of its shape."""
