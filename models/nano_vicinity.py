"""Our own network on many small edits of one frame: only what a changed pixel can reach is computed.

Everything is a *change* against the cached pass of the frame itself. A convolution is linear: the change of
what it gives is the convolution of the change of what it gets, and that is zero but for a small window: 3
cells after the stem, 2 and then 6 at stride 8, 4 and then 8 at stride 16, 5 at stride 32. Only the rectifiers
need the frame's own values, and only there. With the dilated convolutions a change reaches 13 cells of 32
pixels; from there on candidates that were edited close to each other share a rectangle of the maps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import nn

from models.detector import Pixels, checked, to_tensor
from models.edits import Edits
from models.nano import PADDING, SIDE, STRIDE, CellMap, Convolution, NanoNet, Residual, doubled

Cells = npt.NDArray[np.int64]

CELLS = 1 << 17
"""Cells of stride 8 that a group of candidates has at most: 81 frames of 320x320, 34 of 640x384.

64 candidates of one pixel, processor time of one of two threads at half of it, at it and at twice as many:
51, 41 and 44 ms at 320x320, 69, 66 and 92 at 640x384. Few in a group, and every convolution sorts its
weights anew for little; many, and the maps no longer fit into the cache.
"""

SPOTS = 192
"""Edits that a group may have; their windows take some 0.3 MB each."""

_REACH = 5
"""Coarse cells to each side of the window after `coarse[0]` beyond which the answer stays as it is.

The dilated convolutions reach four; mix and head reach into the fifth and not through it, so that the fifth
is a margin behind which the rectangle may be cut off.
"""

_RING = 4
"""Cells that a window lies outside of its map at most: those of the middle stage, for an edit in a corner."""

_NOTHING = -1e30
"""Before a rectifier: stays zero behind it whatever is added, as it has to outside of the map."""


@dataclass(frozen=True, slots=True)
class _Spots:
    """What changes on a map: one square window an edit, and those of a candidate add up to the whole.

    change : float (M, side, side, C); a cell that two windows of a candidate share is in one of them only.
    first : (M, 2), row and column of a window's upper left cell; it may lie outside of the map.
    k : edits a candidate; they follow each other.
    """

    change: torch.Tensor
    first: Cells
    k: int

    @property
    def side(self) -> int:
        return self.change.shape[1]

    def within(self, first: Cells, side: int) -> torch.Tensor:
        """The same in larger windows, (M, side, side, C), channels first."""
        down, right = (self.first - first).T
        start = (np.arange(len(first)) * side + down) * side + right
        room = self.change.new_zeros(len(first) * side * side, self.change.shape[3])
        room.index_copy_(0, _index(start, self.side, side), self.change.flatten(0, 2))
        return room.view(len(first), side, side, -1).permute(0, 3, 1, 2)


class _Layer:
    """A convolution with its rectifier, on windows."""

    def __init__(self, layer: Convolution, before: torch.Tensor) -> None:
        convolution = layer.convolution
        self.weight = convolution.weight
        self._stride, self.dilation = convolution.stride[0], convolution.dilation[0]
        self._padding, self._kernel = int(convolution.padding[0]), convolution.kernel_size[0]
        ringed = F.pad(before, (_RING,) * 4, value=_NOTHING)
        self._width = ringed.shape[3]
        self._rectifier = torch.cat(_rectifier(ringed), 2).flatten(0, 1)

    def spread(self, spots: _Spots) -> _Spots:
        """All that the convolution makes of windows, each larger by its dilation on every side.

        Each by itself: oneDNN skips the taps that meet padding, so that 5x5 cells of 128 channels, dilated,
        take 25 microseconds a window, and 55 with their neighbours gathered around them.
        """
        given, reach = spots.change.permute(0, 3, 1, 2), self.dilation
        moved = F.conv2d(given, self.weight, padding=2 * reach, dilation=reach)
        return _Spots(moved.permute(0, 2, 3, 1), spots.first - reach, spots.k)

    def wider(self, spots: _Spots, beside: _Spots | None = None) -> _Spots:
        """At stride 1: windows larger by the kernel's reach; `beside` goes past the convolution."""
        moved = self.spread(spots)
        if beside is not None:
            inner = slice(margin := (moved.side - beside.side) // 2, -margin)
            moved.change[:, inner, inner] += beside.change
        return self._rectified(moved.change, moved.first, moved.k)

    def coarser(self, spots: _Spots, first: Cells, side: int) -> _Spots:
        """At a larger stride: the windows at `first`, which have to hold all that changes."""
        begin = first * self._stride - self._padding
        given = spots.within(begin, (side - 1) * self._stride + self._kernel)
        moved = F.conv2d(given, self.weight, stride=self._stride).permute(0, 2, 3, 1)
        return self._rectified(moved, first, spots.k)

    def _rectified(self, moved: torch.Tensor, first: Cells, k: int) -> _Spots:
        side = moved.shape[1]
        rows = moved.flatten(0, 2)
        one, other, doubled = _shared(first, side, k)
        if len(one):
            rows.index_add_(0, one, rows.index_select(0, other))
        start = (first[:, 0] + _RING) * self._width + first[:, 1] + _RING
        there = self._rectifier.index_select(0, _index(start, side, self._width))
        held, floor = there.chunk(2, 1)
        torch.maximum(rows.add_(held), floor, out=rows)
        if len(doubled):
            rows.index_fill_(0, doubled, 0)
        return _Spots(rows.view(moved.shape), first, k)


def _index(start: Cells, side: int, width: int) -> torch.Tensor:
    """Rows of the cells of square windows in a table of maps of that width."""
    ramp = np.arange(side)
    return torch.from_numpy((start[:, None, None] + ramp[:, None] * width + ramp).reshape(-1))


def _shared(first: Cells, side: int, k: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Where windows of a candidate overlap: cells of one, of the other; of one that an earlier one has."""
    if k == 1:
        none = torch.empty(0, dtype=torch.int64)
        return none, none, none
    own = first.reshape(-1, k, 2)
    apart = own[:, :, None] - own[:, None]
    near = (np.abs(apart) < side).all(-1) & ~np.eye(k, dtype=bool)
    candidate, one, other = near.nonzero()
    ramp = np.arange(side)
    rows, columns = (apart[near][:, axis, None] + ramp for axis in (0, 1))
    inside = (rows >= 0) & (rows < side)
    both = inside[:, :, None] & ((columns >= 0) & (columns < side))[:, None]
    table = np.arange(len(first) * side * side).reshape(-1, side, side)
    ones = table[candidate * k + one]
    others = ((candidate * k + other) * side)[:, None] + rows
    others = others[:, :, None] * side + columns[:, None]
    doubled = ones[both & (other < one)[:, None, None]]
    return torch.from_numpy(ones[both]), torch.from_numpy(others[both]), torch.from_numpy(doubled)


class _Stage:
    """One of `NanoNet.fine`, `middle`, `coarse`: its pass of the frame, and its windows.

    befores : what its three rectifiers get, (1, C, h, w).
    """

    def __init__(self, stage: nn.Module, x: torch.Tensor) -> None:
        down, residual = stage.children()
        assert isinstance(down, Convolution)
        assert isinstance(residual, Residual)
        begun = down.linear(x)
        first = residual.first.linear(begun.relu())
        second = begun.relu() + residual.second.linear(first.relu())
        self.befores = begun, first, second
        layers = down, residual.first, residual.second
        self.down, self.first, self.second = map(_Layer, layers, self.befores)

    def __call__(self, spots: _Spots, first: Cells, side: int) -> _Spots:
        down = self.down.coarser(spots, first, side)
        return self.second.wider(self.first.wider(down), beside=down)


@dataclass(frozen=True, slots=True)
class _Area:
    """A rectangle of a map, in its cells."""

    top: int
    left: int
    height: int
    width: int

    def finer(self, times: int) -> _Area:
        return _Area(*(times * n for n in (self.top, self.left, self.height, self.width)))

    def of(self, values: torch.Tensor) -> torch.Tensor:
        """That part of a map (h, w, C)."""
        rows = slice(self.top, self.top + self.height)
        return values[rows, self.left : self.left + self.width]


class _Canvas:
    """A group's maps within a rectangle, (n, height, width, C), that windows can be added to."""

    def __init__(self, area: _Area, n: int, channels: int) -> None:
        self._area, cells = area, n * area.height * area.width
        self._rows = torch.empty(cells + 1, channels)  # the last takes what lies outside
        self.maps = self._rows[:cells].view(n, area.height, area.width, channels)

    def add(self, spots: _Spots) -> None:
        area, last = self._area, len(self._rows) - 1
        first, ramp = spots.first, np.arange(spots.side)
        rows = first[:, :1] - area.top + ramp
        columns = first[:, 1:] - area.left + ramp
        start = np.arange(len(first))[:, None] // spots.k * area.height
        rows = np.where((rows >= 0) & (rows < area.height), (start + rows) * area.width, last)
        columns = np.where((columns >= 0) & (columns < area.width), columns, last)
        index = np.minimum(rows[:, :, None] + columns[:, None], last)
        self._rows.index_add_(0, torch.from_numpy(index.reshape(-1)), spots.change.flatten(0, 2))


class _Rest:
    """From the dilated convolutions to the answer, on the rectangle that a group reaches."""

    def __init__(self, network: NanoNet, fine: _Stage, coarse: _Stage, mixed: torch.Tensor) -> None:
        self._network = network
        self._fine = _rows_first(fine.befores[2].relu())
        self._mixed = _rows_first(mixed)
        self._first, self._second = coarse.first, coarse.second
        self._rectifiers = [_rectifier(before) for before in coarse.befores[1:]]
        self._mix = _Layer(network.mix, mixed)
        self._mix_doubled = _of_doubled(self._mix.weight)

    def __call__(self, area: _Area, fine: _Spots, middle: _Spots, coarse: _Spots) -> torch.Tensor:
        """The answers of the group within the rectangle of coarse cells, (n, C + 4, height, width)."""
        n = len(fine.first) // fine.k
        (held, floor), (held_then, floor_then) = [map(area.of, r) for r in self._rectifiers]
        canvas = _Canvas(area, n, held.shape[2])
        canvas.maps.copy_(held)
        canvas.add(self._first.spread(coarse))
        change = torch.maximum(canvas.maps, floor, out=canvas.maps).permute(0, 3, 1, 2)
        reach = self._second.dilation
        moved = F.conv2d(change, self._second.weight, padding=reach, dilation=reach)
        torch.add(moved.permute(0, 2, 3, 1), held_then, out=canvas.maps)
        canvas.add(coarse)
        change = torch.maximum(canvas.maps, floor_then, out=canvas.maps).permute(0, 3, 1, 2)
        narrow = F.conv2d(change, self._network.to_middle.weight)

        moved = F.conv_transpose2d(narrow, self._mix_doubled, stride=2, padding=1)
        area = area.finer(2)
        canvas = _Canvas(area, n, self._mixed.shape[2])
        torch.add(moved.permute(0, 2, 3, 1), area.of(self._mixed), out=canvas.maps)
        canvas.add(self._mix.spread(middle))
        added = self._network.to_fine(canvas.maps.relu_().permute(0, 3, 1, 2))

        # Doubled in pairs of cells, in one pass: 7.6 microseconds a frame at 320x320, 11.2 by interpolating.
        twice = torch.cat([added, added], 1).permute(0, 2, 3, 1)[:, :, None]
        area, (_, height, width, _) = area.finer(2), canvas.maps.shape
        canvas = _Canvas(area, n, self._fine.shape[2])
        pairs = area.of(self._fine).reshape(height, 2, width, -1)
        torch.add(twice, pairs, out=canvas.maps.view(n, height, 2, width, -1))
        canvas.add(fine)
        joined = canvas.maps.relu_().permute(0, 3, 1, 2)
        answer: torch.Tensor = self._network.answer(self._network.head(joined))
        return answer


def _rectifier(before: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """What a rectifier that gets (1, C, h, w) makes of a change d: max(d + held, floor), both (h, w, C)."""
    before = _rows_first(before)
    return before.clamp(max=0), -before.clamp(min=0)


def _rows_first(values: torch.Tensor) -> torch.Tensor:
    return values[0].permute(1, 2, 0).contiguous()


def _of_doubled(weight: torch.Tensor) -> torch.Tensor:
    """The kernel that does to a map, transposed, what `weight` does to the doubled map.

    4x4 at stride 2 instead of 3x3 on four times as many cells: 16 products a cell instead of 36.
    """
    flipped = F.pad(weight.flip(2, 3).transpose(0, 1), (1, 1, 1, 1))
    parts = [flipped[:, :, i : i + 4, j : j + 4] for i in (0, 1) for j in (0, 1)]
    return torch.stack(parts).sum(0)


class NanoVicinity:
    """The vicinity of one frame under a folded `NanoNet`; it is a `models.vicinity.Vicinity`.

    Parameters
    ----------
    network : folded.
    pixels : uint8 BGR (H, W, 3).

    Raises
    ------
    ModelInputError : the picture has no pixels.
    """

    @torch.inference_mode()
    def __init__(self, network: NanoNet, pixels: Pixels) -> None:
        height, width = self._size = pixels.shape[:2]
        frame = checked(to_tensor(pixels))
        self._frame = _rows_first(frame)
        frame = F.pad(frame, (0, -width % SIDE, 0, -height % SIDE), value=PADDING)
        stem = network.stem.linear(frame)
        self._stem = _Layer(network.stem, stem)
        self._fine = _Stage(network.fine, stem.relu())
        fine = self._fine.befores[2].relu()
        self._middle = _Stage(network.middle, fine)
        middle = self._middle.befores[2].relu()
        self._coarse = _Stage(network.coarse, middle)
        above = network.to_middle(self._coarse.befores[2].relu())
        mixed = network.mix.linear(middle + doubled(above))
        joined = F.relu(fine + doubled(network.to_fine(mixed.relu())))
        self._answer = _rows_first(network.answer(network.head(joined)))
        self._rest = _Rest(network, self._fine, self._coarse, mixed)

    @torch.inference_mode()
    def forward(self, edits: Edits) -> CellMap:
        """Candidates of the edited frames, in the order of the edits, without a graph.

        Raises
        ------
        ModelInputError : an edit lies outside the frame.
        """
        edits.check(*self._size)
        n, k, _ = edits.positions.shape
        # Neighbours along the longer side go together: what a group reaches is narrow then.
        along = edits.positions[:, :, int(self._size[1] >= self._size[0])].astype(np.int64)
        order = np.argsort(along.min(1) + along.max(1), kind="stable")
        # The last edit first: of two on one pixel the first one is kept.
        first = edits.positions[order, ::-1].astype(np.int64).reshape(-1, 2)
        colours = torch.from_numpy(edits.colours[order, ::-1].reshape(-1, 3))
        change = colours * (1 / 255) - self._frame[first[:, 0], first[:, 1]]
        change.index_fill_(0, _shared(first, 1, k)[2], 0)
        answers = self._answer.expand(n, -1, -1, -1).contiguous()
        size = max(min(CELLS * n // answers[..., 0].numel(), SPOTS // k), 1)
        for group in np.array_split(np.arange(n), -(-n // size)):
            part = slice(group[0] * k, (group[-1] + 1) * k)
            self._write(answers, order[group], _Spots(change[part, None, None], first[part], k))
        return CellMap(answers.permute(0, 3, 1, 2))

    def _write(self, answers: torch.Tensor, places: Cells, pixels: _Spots) -> None:
        """Write what a group changes into `answers[places]`."""
        first = (pixels.first - 1) // STRIDE
        fine = self._fine(self._stem.coarser(pixels, 2 * first, 3), first, 2)
        first = first // 2 - 1
        middle = self._middle(fine, first, 4)
        first = first // 2 - 1
        coarse = self._coarse.down.coarser(middle, first, 5)
        area = self._area(coarse)
        answer = self._rest(area, fine, middle, coarse).permute(0, 2, 3, 1)
        area = area.finer(SIDE // STRIDE)
        inner, outer = [], []
        sides = (area.top, area.height), (area.left, area.width)
        for (begin, length), size in zip(sides, self._answer.shape[:2], strict=True):
            # Next to a border that is not the map's, `head` lacked what lies behind it.
            low, high = int(begin > 0), length - int(begin + length < size)
            inner.append(slice(low, high))
            outer.append(slice(begin + low, begin + high))
        (rows, columns), (own_rows, own_columns) = outer, inner
        answers[torch.from_numpy(places), rows, columns] = answer[:, own_rows, own_columns]

    def _area(self, coarse: _Spots) -> _Area:
        """The rectangle of coarse cells that a group reaches, with its margin."""
        size = np.array(self._answer.shape[:2]) * STRIDE // SIDE
        low = np.maximum(coarse.first.min(0) - _REACH, 0)
        high = np.minimum(coarse.first.max(0) + coarse.side + _REACH, size)
        return _Area(*low.tolist(), *(high - low).tolist())
