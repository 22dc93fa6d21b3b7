"""The same drawing in torch, with a graph from the frame back to the patch.

`drawing.with_look` is what a stream shows; this is what a gradient is taken through. They agree but for the
rounding to grey levels on the way (a test: two levels, under noise three in rare pixels), so what is learnt
here holds there.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F

from monitor.patches.drawing import BLUR_REACH, camera_noise, print_noise
from monitor.patches.looks import Look
from monitor.patches.quads import Quad, bounds, texture_matrix
from monitor.patches.texture import level_of


def drawn(
    frame: torch.Tensor, colours: torch.Tensor, mask: torch.Tensor, quad: Quad, look: Look
) -> torch.Tensor:
    """A frame (1, 3, H, W) in [0, 1] with the patch as it looks there; a new tensor.

    Parameters
    ----------
    colours : (3, h, w) BGR in [0, 1], what a gradient is wanted of.
    mask : (1, h, w) in [0, 1], what shows of it.
    quad : where it hangs, before the look moves it.
    """
    where = look.placed(quad)
    reach = math.ceil(BLUR_REACH * look.blur)
    part = bounds(where, (frame.shape[3], frame.shape[2]), reach)
    if part is None:
        return frame
    rng = np.random.default_rng(look.seed)
    left, top, right, bottom = part
    texture = _shrunk(_printed(colours, look, rng), mask, where)
    layer = _warped(texture, where, part)
    if reach:
        layer = _blurred(layer, look.blur, reach)
    colour, cover = layer[:, :3], layer[:, 3:]
    gain, lift = (torch.tensor(three).view(1, 3, 1, 1) for three in (look.gain, look.lift))
    under = frame[:, :, top:bottom, left:right]
    mixed = (under * (1 - cover) + gain * colour + lift * cover).clamp(0, 1)
    if look.grain:
        drawn_ = camera_noise((bottom - top, right - left, 3), look, rng)
        noise = torch.from_numpy(drawn_).permute(2, 0, 1)[None]
        mixed = (mixed + noise * cover).clamp(0, 1)
    out = frame.clone()
    out[:, :, top:bottom, left:right] = mixed
    return out


def _printed(colours: torch.Tensor, look: Look, rng: np.random.Generator) -> torch.Tensor:
    black, white = look.ink
    shape = (*colours.shape[1:], 3)
    noise = torch.from_numpy(print_noise(shape, look, rng)) if look.print_grain else None
    levels = black + (white - black) * colours
    if noise is not None:
        levels = levels + noise.permute(2, 0, 1)
    return levels.clamp(0, 1)


def _shrunk(colours: torch.Tensor, mask: torch.Tensor, where: Quad) -> torch.Tensor:
    """(1, 4, h, w) multiplied by the mask, halved until it fits the place."""
    whole = torch.cat([colours * mask, mask])[None]
    for _ in range(level_of(where, (mask.shape[2], mask.shape[1]))):
        whole = F.avg_pool2d(whole, 2)
    return whole


def _warped(texture: torch.Tensor, where: Quad, part: tuple[int, int, int, int]) -> torch.Tensor:
    left, top, right, bottom = part
    height, width = texture.shape[2:]
    matrix = texture_matrix(where, (width, height), (left, top))
    y, x = np.mgrid[: bottom - top, : right - left]
    u, v, w = (row[0] * x + row[1] * y + row[2] for row in matrix)
    # grid_sample counts edges from -1 to 1.
    grid = np.stack([(2 * u / w + 1) / width - 1, (2 * v / w + 1) / height - 1], axis=-1)
    grid[w <= 0] = 4.0  # far outside: transparent
    return F.grid_sample(
        texture,
        torch.from_numpy(grid.astype(np.float32))[None],
        padding_mode="zeros",
        align_corners=False,
    )


def _blurred(layer: torch.Tensor, sigma: float, reach: int) -> torch.Tensor:
    taps = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma) ** 2)
    taps = (taps / taps.sum()).expand(4, 1, -1)
    layer = F.conv2d(layer, taps[:, :, None], padding=(0, reach), groups=4)
    return F.conv2d(layer, taps[..., None], padding=(reach, 0), groups=4)
