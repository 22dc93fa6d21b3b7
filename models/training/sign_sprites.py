"""Sprites of traffic signs: `mapillary_sprite_source` (MIT, npm), rendered by resvg-py, by class."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np

from models.bundled import SIGNS
from models.errors import ModelError
from models.training.sample import Pixels
from models.training.sprite import LARGEST, Sprite

PACKAGE = "mapillary_sprite_source"

_PATTERNS = (
    (r"regulatory--stop--", "stop"),
    (r"regulatory--yield--", "give way"),
    (r"regulatory--no-entry--", "no entry"),
    (r"regulatory--(night-)?(maximum-)?speed-limit-(led-)?\d", "speed limit"),
    (r"regulatory--(no-|road-closed|height-limit|width-limit|weight-limit--)", "prohibition"),
    (r"warning--", "warning"),
    (r"regulatory--priority-road--", "priority"),
    (r"information--pedestrians-crossing--", "crosswalk"),
)
_MANDATORY = re.compile(
    r"(regulatory|information)--(turn|go-|keep|pass-on|roundabout|bicycles-only|pedestrians-only|shared|"
    r"dual-path|snow-chains|minimum-speed|equestrians|buses-only|.*-only)"
)


def sign_sprites(folder: Path) -> dict[str, list[Sprite]]:
    """Class name -> its sprites, from the package's folder of SVG files.

    Raises
    ------
    ModelError : no SVG files there, one that cannot be drawn, or resvg-py is missing.
    """
    try:
        from resvg_py import svg_to_bytes
    except ModuleNotFoundError:
        raise ModelError(
            "training signs: the sprites are rendered by resvg-py, which is missing; "
            'pip install "camdrift[train]"'
        ) from None
    files = sorted(folder.rglob("*--*.svg"))
    if not files:
        raise ModelError(
            f"training signs: no sprites in {folder}; unpack the npm package {PACKAGE} "
            f"(`npm pack {PACKAGE}`) and give its folder package_signs"
        )
    bank: dict[str, list[Sprite]] = {name: [] for name in SIGNS}
    for file in files:
        try:
            png = svg_to_bytes(svg_path=str(file), width=LARGEST)
        except ValueError as error:
            raise ModelError(
                f"training signs: {file} cannot be drawn ({error}); unpack {PACKAGE} anew"
            ) from error
        picture = cv2.imdecode(np.frombuffer(bytes(png), np.uint8), cv2.IMREAD_UNCHANGED)
        if picture is None or picture.ndim != 3 or picture.shape[2] != 4:
            continue
        sprite = Sprite.of(np.asarray(picture, dtype=np.uint8))
        if sprite is not None:
            bank[class_of(file.name, sprite)].append(sprite)
    return bank


def class_of(file_name: str, sprite: Sprite) -> str:
    """The class that a sprite of that file name belongs to."""
    for pattern, name in _PATTERNS:
        if re.match(pattern, file_name):
            if name == "crosswalk" and not _is_blue(sprite.levels[0]):
                return "other sign"
            return name
    if _MANDATORY.match(file_name) and _is_blue(sprite.levels[0]) and _is_round(sprite):
        return "mandatory"
    return "other sign"


def _is_blue(picture: Pixels) -> bool:
    blue, green, red, alpha = (picture[..., i].astype(int) for i in range(4))
    return bool(
        ((blue > red + 40) & (blue > green) & (alpha > 127)).sum() > 0.35 * picture[..., 0].size
    )


def _is_round(sprite: Sprite) -> bool:
    opaque = float((sprite.levels[0][..., 3] > 127).mean())
    return 0.9 < sprite.aspect < 1.1 and 0.72 < opaque < 0.84
