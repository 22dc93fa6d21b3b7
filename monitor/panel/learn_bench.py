"""Where a frame is frozen and a lesson is worked out on it, beside the live loop."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, replace
from typing import Final

from models.detector import Detector, WhiteBoxDetector
from monitor.arrays import Pixels
from monitor.config import Settings
from monitor.distances import Budget, Norm
from monitor.drift.matching import FrameDrift, match
from monitor.lessons.curriculum import PLANS, Lesson, Result
from monitor.lessons.desk import Desk
from monitor.live import Live
from monitor.panel.controls import EPS
from monitor.panel.side_bench import NO_FRAME, GivenUp, Job, SideBench, reason_of
from monitor.panel.still import Shot, Still
from monitor.pictures import attacked_picture, difference_picture, enlarged, legible_zoom

_FULL: Final = 100.0  # grey levels that the largest move is shown as
_MOST_FACTOR: Final = 32.0
_RECENT: Final = 12  # pictures that can still be asked for


@dataclass(frozen=True, slots=True)
class Ask:
    """What the visitors want to see.

    Attributes
    ----------
    lesson : which.
    norm, eps : the budget, where the lesson has one; eps in the unit of `Budget`.
    amount : the lesson's own slider.
    at : column and row of the pixel.
    """

    lesson: Lesson = Lesson.NORMS
    norm: Norm = Norm.LINF
    eps: float = EPS[Norm.LINF].start * EPS[Norm.LINF].unit
    amount: int = 0
    at: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """All there is to show now, the same for every page.

    Attributes
    ----------
    version : grows with every change of what follows, but for `elapsed_s`.
    still : the frozen frame; None before the first.
    ask : what is wanted of it.
    settings : under which the result was made; None before the first.
    model : that was asked; None before the first.
    result : what the lesson shows; None while there is none.
    drift : of its attacked frame, where it has one.
    attacked, perturbation : pictures of that frame; None where there is none.
    factor : by which the perturbation is amplified.
    reason : why there is no result.
    busy : there is more to come.
    elapsed_s : how long that has taken so far.
    """

    version: int = 0
    still: Still | None = None
    ask: Ask = Ask()
    settings: Settings | None = None
    model: Detector | None = None
    result: Result | None = None
    drift: FrameDrift | None = None
    attacked: Shot | None = None
    perturbation: Shot | None = None
    factor: float = 1.0
    reason: str = ""
    busy: bool = False
    elapsed_s: float = 0.0


@dataclass(slots=True, eq=False, kw_only=True)
class _Press(Job):
    """One lesson to work out."""

    ask: Ask
    settings: Settings


class LearnBench(SideBench):
    """Keeps one frozen frame and the lesson that is shown on it.

    Parameters
    ----------
    session : whose frames, settings and model are taken.
    """

    def __init__(self, session: Live) -> None:
        super().__init__(session, "l")
        self._board = Board()
        self._began = 0.0
        # A page asks for a picture a little after it was told of it; by then there may be a newer one.
        self._recent: deque[Shot] = deque(maxlen=_RECENT)

    def board(self) -> Board:
        """What there is to show now."""
        with self._lock:
            elapsed = time.monotonic() - self._began if self._board.busy else 0.0
            return replace(self._board, elapsed_s=elapsed)

    def shot(self, name: str) -> Shot | None:
        """The picture of that name; None where it is not, or no longer, on the board."""
        board = self.board()
        with self._lock:
            shots = [*self._recent, *([board.still.shot] if board.still else ())]
        return next((shot for shot in shots if shot.name == name), None)

    def freeze(self) -> str:
        """Take the newest clean frame and work the lesson out on it; "" or why that cannot be."""
        still = self._newest()
        if still is None:
            return NO_FRAME
        with self._lock:
            held = self._board.still
            moved = held is None or held.frame.size != still.frame.size
            at = _first_look(still) if moved else self._board.ask.at
            self._change(still=still, ask=replace(self._board.ask, at=at))
            return self._begin()

    def open(self) -> str:
        """Show something, where nothing is shown yet."""
        return self.freeze() if self.board().still is None else ""

    def show(
        self,
        lesson: Lesson | None = None,
        norm: Norm | None = None,
        eps: float | None = None,
        amount: float | None = None,
        at: tuple[int, int] | None = None,
    ) -> str:
        """Change what is wanted, and work it out; "" or, on one line, why that cannot be.

        Parameters
        ----------
        lesson, norm, eps, amount, at : see `Ask`; None: as it is. Another lesson begins with its own usual
            amount, another norm with its usual eps; a pixel outside of the frame is moved to its edge.
        """
        if why := self.open():
            return why
        with self._lock:
            before, still = self._board.ask, self._board.still
            assert still is not None
            ask = _asked(before, still, lesson, norm, eps, amount, at)
            if ask == before:
                return ""
            self._change(ask=ask)
            if replace(ask, at=before.at) == before and not PLANS[ask.lesson].at_pixel:
                return ""  # what was worked out holds for every pixel
            return self._begin()

    # Under the lock.

    def _begin(self) -> str:
        model, still = self._session.model, self._board.still
        why = self._hindrance(model, still)
        if why or model is None or still is None:
            return why
        settings = self._session.settings.changed({"faults": "", "deadline_ms": 0})
        self._change(
            settings=settings,
            model=model,
            result=None,
            drift=None,
            attacked=None,
            perturbation=None,
            reason="",
            busy=True,
        )
        self._began = time.monotonic()
        self._start(_Press(ask=self._board.ask, settings=settings), model, still)
        return ""

    def _strike(self) -> None:
        if self._board.busy:
            self._change(busy=False, reason=self._board.reason or "stopped")

    def _change(self, **parts: object) -> None:
        version = self._board.version + 1
        self._board = replace(self._board, version=version, **parts)  # type: ignore[arg-type]

    # The rest runs in the job's own thread.

    def _work(self, job: Job, model: Detector, still: Still) -> None:
        assert isinstance(job, _Press)
        try:
            if not isinstance(model, WhiteBoxDetector):
                self._tell(job, busy=False, reason=_black_box(model))
                return
            plan = PLANS[job.ask.lesson]
            for result in plan.work(self._desk(job, model, still)):
                self._tell(job, **self._drawn(result, model, still))
            self._tell(job, busy=False)
        except GivenUp:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told where the visitor looks
            self._tell(job, busy=False, reason=reason_of(error, job.ask.lesson))

    def _desk(self, job: _Press, model: WhiteBoxDetector, still: Still) -> Desk:
        ask, words = job.ask, job.settings.changed({"attack": "none"})
        # The pipeline knows where a place of the goal is in this frame, and how to be given up.
        pipeline = self._pipeline(job, job.settings, model, still)
        return Desk(
            detector=model,
            pixels=still.frame.pixels,
            aim=pipeline.aim_at(pipeline.aim, still.frame),
            threshold=pipeline.threshold,
            iou=pipeline.iou,
            words=words.attack,
            budget=Budget(ask.norm, ask.eps),
            amount=ask.amount,
            at=ask.at,
            seed=job.settings.run.seed,
            clock=pipeline.clock,
        )

    def _drawn(self, result: Result, model: Detector, still: Still) -> dict[str, object]:
        made, frame = result.made, still.frame
        if made is None:
            return {"result": result}
        drift = match(made.clean, made.detections, index=frame.index, media_time=frame.media_time)
        zoom = legible_zoom(made.pixels)
        factor = min(max(_FULL / max(255 * made.apart.linf, 1), 1.0), _MOST_FACTOR)
        moved = enlarged(difference_picture(frame.pixels, made.pixels, factor), zoom)
        attacked = attacked_picture(made.pixels, drift, model.class_names, zoom=zoom)
        return {
            "result": result,
            "drift": drift,
            "attacked": self._kept(attacked),
            "perturbation": self._kept(moved),
            "factor": factor,
        }

    def _kept(self, picture: Pixels) -> Shot:
        shot = self._shot(picture)
        with self._lock:
            self._recent.append(shot)
        return shot

    def _tell(self, job: Job, **parts: object) -> None:
        """Show how far it has come; leaves the job where it was given up."""
        with self._lock:
            if job.given_up.is_set():
                raise GivenUp
            self._change(**parts)


def _asked(
    before: Ask,
    still: Still,
    lesson: Lesson | None,
    norm: Norm | None,
    eps: float | None,
    amount: float | None,
    at: tuple[int, int] | None,
) -> Ask:
    ask = before
    if lesson is not None and lesson is not ask.lesson:
        usual = PLANS[lesson].amount
        ask = replace(ask, lesson=lesson, amount=usual.usual if usual else 0)
    plan = PLANS[ask.lesson]
    wanted = (norm or ask.norm) if plan.any_norm else Norm.LINF
    if wanted is not ask.norm:
        ask = replace(ask, norm=wanted, eps=EPS[wanted].start * EPS[wanted].unit)
    elif eps is not None:
        bounds = EPS[ask.norm]
        ask = replace(ask, eps=min(max(eps, bounds.step * bounds.unit), bounds.most * bounds.unit))
    if amount is not None and plan.amount is not None:
        ask = replace(ask, amount=round(min(max(amount, plan.amount.least), plan.amount.most)))
    if at is not None:
        width, height = still.frame.size
        ask = replace(ask, at=(min(max(at[0], 0), width - 1), min(max(at[1], 0), height - 1)))
    return ask


def _first_look(still: Still) -> tuple[int, int]:
    """The middle of the surest object, of the frame where there is none."""
    width, height = still.frame.size
    boxes = [(t.clean_score, t.clean_box) for t in still.drift.objects if t.clean_box is not None]
    if not boxes:
        return width // 2, height // 2
    _, (left, top, right, bottom) = max(boxes, key=lambda scored: scored[0])
    x, y = round((left + right) / 2), round((top + bottom) / 2)
    return min(max(x, 0), width - 1), min(max(y, 0), height - 1)


def _black_box(model: Detector) -> str:
    return (
        f"model {model.name} is black-box: it has no gradient to show; start camdrift with a white-box "
        "model, such as faces, signs or ball"
    )
