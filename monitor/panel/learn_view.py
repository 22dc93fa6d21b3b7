"""The board of the tab Learn as HTML: the frame to click, what was made of it, the pixel under a loupe."""

from __future__ import annotations

import base64
from html import escape
from typing import Final

import cv2
import numpy as np

from monitor.arrays import Pixels
from monitor.conditions import goal_text
from monitor.distances import Norm, format_eps
from monitor.lessons.curriculum import PLANS
from monitor.lessons.desk import Made
from monitor.lessons.fgsm import Fgsm
from monitor.panel.cards import STILLS, picture
from monitor.panel.learn_bench import Board
from monitor.panel.learn_details import details
from monitor.panel.learn_texts import AFTER
from monitor.panel.readouts import MINUS, TIMES, outcomes_in_words
from monitor.panel.still import Shot, Still

_HINT: Final = (
    "<b>Take the newest frame</b> freezes what the camera sees now, and the lesson is worked out on it "
    "while the stream goes on."
)
_REACH: Final = 4  # pixels to each side that the loupe shows


def learn_progress(board: Board) -> str:
    """What is at work, or what was done under which goal; "" before the first."""
    if board.settings is None:
        return ""
    ask, plan = board.ask, PLANS[board.ask.lesson]
    facts = [f"goal {goal_text(board.settings)}"]
    if plan.eps:
        facts.append(f"{ask.norm} at most {format_eps(ask.eps, ask.norm)}")
    facts.append(f"threshold {board.settings.detector.threshold:g}")
    now = f"at work, {board.elapsed_s:.1f} s" if board.busy else str(ask.lesson)
    return (
        f'<div class="cd-progress"><span>{now}</span><span>{escape(", ".join(facts))}</span></div>'
    )


def learn_view(board: Board) -> str:
    """Pictures, loupe and what the lesson found."""
    if board.still is None:
        return f'<p class="cd-hint">{_HINT}</p>'
    pictures = [_frame(board, board.still)]
    if board.attacked and board.perturbation and board.drift:
        words = f"attacked: {outcomes_in_words(board.drift)}"
        pictures.append(_figure(board.attacked, board.still, words))
        amplified = f"the perturbation, amplified {board.factor:.0f} {TIMES}; grey: nothing moved"
        pictures.append(_figure(board.perturbation, board.still, amplified))
    rest = ""
    if board.reason:
        rest = f'<div class="cd-banner cd-note" role="alert">{escape(board.reason)}</div>'
    elif board.result is not None:
        rest = _made(board) + _loupe(board) + details(board)
    return f'<div class="cd-board">{"".join(pictures)}</div>{rest}'


def _frame(board: Board, still: Still) -> str:
    width, height = still.frame.size
    x, y = board.ask.at
    left, top = 100 * (x + 0.5) / width, 100 * (y + 0.5) / height
    place = f"{STILLS}/{still.shot.name}.jpg"
    return (
        f'<figure><div class="cd-screen cd-pick" data-width="{width}" data-height="{height}" '
        f'title="click a pixel"><img src="{place}" width="{width}" height="{height}" '
        f'alt="the frozen frame, objects: {still.drift.clean_count}">'
        f'<i style="left:{left:.3f}%;top:{top:.3f}%"></i></div>'
        f"<figcaption>the frame x, {width} {TIMES} {height} px; pixel {x}, {y}</figcaption></figure>"
    )


def _figure(shot: Shot, still: Still, words: str) -> str:
    return f"<figure>{picture(shot, still, words)}<figcaption>{escape(words)}</figcaption></figure>"


def _made(board: Board) -> str:
    """Whether the goal is met, and at what cost."""
    made: Made | None = board.result.made if board.result else None
    if made is None:
        return ""
    word, look = ("goal met", "met") if made.fell else ("goal not met", "unmet")
    facts = [
        f"loss J {_plain(made.before)} \N{RIGHTWARDS ARROW} {_plain(made.after)}",
        f"L∞ {format_eps(made.apart.linf, Norm.LINF)}",
        f"{made.counts.forwards} forwards",
        f"{made.counts.backwards} backwards",
    ]
    if made.counts.queries:
        facts.append(f"{made.counts.queries} queries")
    told = "".join(f"<span>{fact}</span>" for fact in facts)
    return f'<div class="cd-outcome"><b class="cd-pill cd-{look}">{word}</b>{told}</div>'


def _plain(value: float) -> str:
    return f"{value:.2f}".replace("-", MINUS)


def _loupe(board: Board) -> str:
    """The pixel with its neighbours: before, the gradient's sign where there is one, after."""
    made = board.result.made if board.result else None
    assert board.still is not None
    if made is None:
        return ""
    clean = board.still.frame.pixels
    tiles = [("x", clean)]
    if isinstance(board.result, Fgsm):
        signs = (128 + 127 * np.sign(board.result.gradient)).astype(np.uint8)
        tiles.append(("sign of the gradient, a colour channel each", signs))
    tiles.append((AFTER, made.pixels))
    each = "".join(
        f'<figure><img src="{_tile(pixels, board.ask.at)}" width="{2 * _REACH + 1}" alt="{name}">'
        f"<figcaption>{name}</figcaption></figure>"
        for name, pixels in tiles
    )
    side = 2 * _REACH + 1
    caption = f"{side} {TIMES} {side} pixels round the one that is marked"
    return f'<div class="cd-loupe">{each}<p>{caption}</p></div>'


def _tile(pixels: Pixels, at: tuple[int, int]) -> str:
    """The neighbours of a pixel as a picture inside of the page; the frame's edge is repeated."""
    x, y = at
    height, width, _ = pixels.shape
    rows = np.clip(np.arange(y - _REACH, y + _REACH + 1), 0, height - 1)
    columns = np.clip(np.arange(x - _REACH, x + _REACH + 1), 0, width - 1)
    _, data = cv2.imencode(".png", pixels[np.ix_(rows, columns)])
    return "data:image/png;base64," + base64.b64encode(np.asarray(data).tobytes()).decode()
