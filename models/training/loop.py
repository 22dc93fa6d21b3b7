"""The training loop: seeded, resumable, on a CPU or a GPU."""

from __future__ import annotations

import copy
import math
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from models.errors import ModelError
from models.nano import NanoNet
from models.training.checkpoint import State, restore, save
from models.training.loss import BOX_WEIGHT, box_loss, heat_loss
from models.training.maker import Maker
from models.training.targets import targets

Batch = tuple[torch.Tensor, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """How to train.

    Attributes
    ----------
    steps : in all; the last `cooling` share of them with a falling step size.
    batch : pictures a step.
    rate : AdamW's step size (Loshchilov, Hutter 2019) after the first `warm` steps.
    averaging : decay of the running mean of the weights, which is what is kept.
    workers : processes that make pictures; a picture takes them 4 ms.
    threads : of the network's arithmetic. On two cores that also make the pictures a step of 16 takes
        100 ms with one thread; two wait for each other, 63 ms on an idle machine and up to 1 s on a busy one.
    save_every : steps between checkpoints.
    """

    steps: int = 32_000
    batch: int = 16
    rate: float = 2e-3
    warm: int = 200
    cooling: float = 0.35
    decay: float = 0.02
    averaging: float = 0.998
    workers: int = 2
    threads: int = 1
    save_every: int = 250

    def rate_at(self, step: int) -> float:
        """The step size: rising, flat, then falling along a half cosine to nearly nothing."""
        if step < self.warm:
            return self.rate * (step + 1) / self.warm
        start = self.steps * (1 - self.cooling)
        if step <= start:
            return self.rate
        done = (step - start) / max(self.steps - start, 1)
        return self.rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(done, 1.0))))


class _Pictures(Dataset[Batch]):
    """Training picture `i` of a seed: a pure function of both, so a resumed run goes on as it would have."""

    def __init__(self, maker: Maker, seed: int, first: int, count: int) -> None:
        self._maker, self._seed, self._first, self._count = maker, seed, first, count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, i: int) -> Batch:
        sample = self._maker.make(np.random.default_rng((self._seed, 9, self._first + i)))
        asked = targets(sample, len(self._maker.class_names))
        arrays = sample.pixels, asked.heat, asked.counted, asked.boxes, asked.weight
        return tuple(torch.from_numpy(np.ascontiguousarray(array)) for array in arrays)


def train(
    maker: Maker,
    plan: Plan,
    seed: int,
    checkpoint: Path,
    say: Callable[[str], None],
    device: torch.device,
    check: Callable[[], None] = lambda: None,
) -> NanoNet:
    """Train, from the checkpoint on if there is one; the averaged network, not folded.

    Parameters
    ----------
    say : takes a line of progress.
    check : called once a step; what it raises ends the training.

    Raises
    ------
    ModelError : the checkpoint is of another training, or of more steps than are planned.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(plan.threads)
    classes = len(maker.class_names)
    network = NanoNet(classes).to(device).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(_groups(network, plan.decay), lr=plan.rate)
    average: NanoNet = copy.deepcopy(network).requires_grad_(False)
    state = State(network, average, optimiser)
    step = restore(checkpoint, state, seed, asdict(plan))
    if step > plan.steps:
        raise ModelError(
            f"{checkpoint}: already at step {step}, and {plan.steps} are asked for; "
            "give more --steps, or another --work folder"
        )
    pictures = _Pictures(maker, seed, step * plan.batch, (plan.steps - step) * plan.batch)
    loader = DataLoader(
        pictures,
        batch_size=plan.batch,
        num_workers=plan.workers,
        prefetch_factor=4 if plan.workers else None,
        worker_init_fn=_stopped_by_the_training,
    )
    low = has_bfloat16(device)
    say(f"step {step} of {plan.steps}, {'bfloat16' if low else 'float32'} on {device}")
    losses, began, since = np.zeros(2), time.perf_counter(), step
    for batch in loader:
        check()
        for group in optimiser.param_groups:
            group["lr"] = plan.rate_at(step)
        losses += _step(network, optimiser, [part.to(device) for part in batch], low)
        step += 1
        _average(average, network, min(plan.averaging, (1 + step) / (10 + step)))
        if step % plan.save_every == 0 or step == plan.steps:
            save(checkpoint, state, step, seed, asdict(plan))
            heat, box = losses / (step - since)
            pace = (time.perf_counter() - began) / (step - since)
            say(f"step {step}: heat {heat:.3f}, box {box:.3f}, {pace * 1e3:.0f} ms a step")
            losses, began, since = np.zeros(2), time.perf_counter(), step
    return average


def _stopped_by_the_training(_: int) -> None:
    """A worker is deaf to Ctrl-C, which reaches it as well, and silent about who went away meanwhile."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.excepthook = _but_broken_connections


def _but_broken_connections(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    # The thread that hands pictures over tells of a training that stopped in the middle of taking one.
    if not isinstance(error, OSError | EOFError):
        sys.__excepthook__(kind, error, trace)


def has_bfloat16(device: torch.device) -> bool:
    """True where bfloat16 is faster: forward + backward 90 ms instead of 171 with AVX512-BF16."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    try:
        return "avx512_bf16" in Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False


def _step(
    network: NanoNet, optimiser: torch.optim.Optimizer, batch: list[torch.Tensor], low: bool
) -> np.ndarray:
    pixels, heat, counted, boxes, weight = batch
    frames = pixels.permute(0, 3, 1, 2).float().mul_(1 / 255)
    with torch.autocast(frames.device.type, dtype=torch.bfloat16, enabled=low):
        answer = network(frames)
    answer = answer.float()
    on_heat = heat_loss(answer[:, :-4], heat, counted)
    on_boxes = box_loss(answer[:, -4:].clamp(max=5.0), boxes, weight)
    optimiser.zero_grad(set_to_none=True)
    (on_heat + BOX_WEIGHT * on_boxes).backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(network.parameters(), 10.0)
    optimiser.step()
    return np.array([float(on_heat.detach()), float(on_boxes.detach())])


def _groups(network: NanoNet, decay: float) -> list[dict[str, object]]:
    """Weights of convolutions decay; biases and norms do not."""
    parameters = list(network.parameters())
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]


def _average(average: NanoNet, network: NanoNet, decay: float) -> None:
    with torch.no_grad():
        for mean, new in zip(
            average.state_dict().values(), network.state_dict().values(), strict=True
        ):
            if mean.is_floating_point():
                mean.lerp_(new, 1 - decay)
            else:
                mean.copy_(new)
