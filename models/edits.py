"""A few pixels of a frame repainted, many candidates at once: what a one-pixel attack asks about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.detector import Pixels
from models.errors import ModelInputError


@dataclass(frozen=True, slots=True, eq=False)
class Edits:
    """N candidates, each the same frame with k of its pixels repainted (Su, Vargas, Sakurai 2019).

    Of two edits of one candidate on the same pixel the later one holds.

    Parameters
    ----------
    positions : integers (N, k, 2), row and column of every edit; N and k at least 1.
    colours : uint8 (N, k, 3), BGR.

    Raises
    ------
    ModelInputError : of another shape or type. Whether they lie in the frame is asked by whoever has one.
    """

    positions: npt.NDArray[np.integer]
    colours: npt.NDArray[np.uint8]

    def __post_init__(self) -> None:
        places, colours = self.positions, self.colours
        if places.ndim != 3 or places.shape[2] != 2 or 0 in places.shape:
            raise ModelInputError(
                f"positions of shape {places.shape}: expected (N, k, 2), row and column of k >= 1 "
                "pixels in each of N >= 1 candidates"
            )
        if colours.shape != (*places.shape[:2], 3):
            raise ModelInputError(
                f"colours of shape {colours.shape} for positions of shape {places.shape}: expected "
                f"{(*places.shape[:2], 3)}, one BGR colour an edit"
            )
        if places.dtype.kind not in "iu" or colours.dtype != np.uint8:
            raise ModelInputError(
                f"positions of {places.dtype} and colours of {colours.dtype}: expected integers and "
                "uint8; round them first"
            )

    def __len__(self) -> int:
        return len(self.positions)

    def part(self, candidates: slice) -> Edits:
        """Some of the candidates, at least one."""
        return Edits(self.positions[candidates], self.colours[candidates])

    def written(self, pixels: Pixels) -> npt.NDArray[np.uint8]:
        """The candidates as frames: uint8 (N, H, W, 3) of one (H, W, 3).

        Raises
        ------
        ModelInputError : an edit lies outside the frame.
        """
        self.check(*pixels.shape[:2])
        frames = np.repeat(pixels[None], len(self), axis=0)
        candidates = np.arange(len(self))
        for edit in range(self.positions.shape[1]):  # one after the other: the later one holds
            rows, columns = self.positions[:, edit].T
            frames[candidates, rows, columns] = self.colours[:, edit]
        return frames

    def check(self, height: int, width: int) -> None:
        """Refuse edits outside a frame of that size.

        Raises
        ------
        ModelInputError : names the first of them.
        """
        outside = (self.positions < 0) | (self.positions >= (height, width))
        if outside.any():
            candidate, edit, _ = np.argwhere(outside)[0]
            row, column = self.positions[candidate, edit]
            raise ModelInputError(
                f"edit {edit} of candidate {candidate} is at row {row}, column {column}: outside a "
                f"frame of {height} rows and {width} columns"
            )
