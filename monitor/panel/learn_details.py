"""The tables and charts of each lesson as HTML. Formatting, no arithmetic but that of the axes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape
from typing import Any, Final

from models.facts import parameters
from monitor.conditions import goal_text
from monitor.distances import Norm, format_eps
from monitor.goals import Goal
from monitor.lessons.fgsm import Fgsm, Values
from monitor.lessons.linear import Linear
from monitor.lessons.masking import Masking
from monitor.lessons.nearest import Nearest
from monitor.lessons.norms import Norms, share_of
from monitor.lessons.patch import Patch
from monitor.lessons.pgd import Pgd
from monitor.lessons.threat import Threat
from monitor.lessons.training import Training
from monitor.panel.learn_bench import Board
from monitor.panel.learn_texts import AFTER, TERMS
from monitor.panel.plot import Series, plot
from monitor.panel.readouts import MINUS, NOTHING, TIMES

_NAMES: Final = {Norm.LINF: "L∞", Norm.L2: "L2", Norm.L1: "L1", Norm.L0: "L0"}
_KNOWS: Final = {
    "white-box": "everything",
    "score": "scores",
    "label": "yes or no",
    "none": "nothing",
}
Cells = Sequence[str]


def details(board: Board) -> str:
    """What the lesson found, as far as it has come."""
    result = board.result
    assert result is not None
    return _DETAILS[type(result)](board, result)


def _norms(board: Board, found: Norms) -> str:
    at = board.ask.at
    rows = []
    for norm in Norm:
        whole = format_eps(found.made.apart.under(norm), norm)
        budget = format_eps(found.budget.eps, norm) if norm is found.budget.norm else NOTHING
        share = share_of(found.clean, found.made.pixels, at, norm)
        here = format_eps(share, norm) if norm is not Norm.L2 else f"{share:.5f} to the sum"
        rows.append([_NAMES[norm], budget, whole, here])
    return _table(["norm", "budget ε", "this frame", f"pixel {at[0]}, {at[1]}"], rows) + _hint(
        "L∞ in grey levels of 255; L2 and L1 in units of black to white; L0 in pixels."
    )


def _nearest(board: Board, found: Nearest) -> str:
    del board
    name = _NAMES[found.norm]
    guessed = "the slope is 0" if math.isinf(found.guessed) else _eps(found.guessed, found.norm)
    rows = [
        ["gap to the boundary, logits", _number(found.gap)],
        [f"distance if the gap were linear, {name}", guessed],
        [f"nearest frame that was found, {name}", _eps(found.found, found.norm)],
    ]
    if found.norm is Norm.L0:
        rows[1][0] += ", at least"
    return _table(["", ""], rows) + _hint(
        "The frame found has whole grey levels, as a camera delivers them; no attack under a smaller budget "
        "was seen to succeed, and a better search may find a nearer one."
    )


def _fgsm(board: Board, found: Fgsm) -> str:
    assert board.settings is not None
    assert board.model is not None
    terms = found.terms(board.ask.at)
    count = parameters(board.model)
    known = f"{count:,} numbers, held fixed" if count else "held fixed"
    y_is = _target(board)
    rows = [
        [TERMS["X"], "frame", "grey levels of 255", *_three(terms.x, "{:.0f}")],
        [TERMS["THETA"], "model parameters", f"{escape(board.model.name)}: {known}", "", "", ""],
        [TERMS["Y"], "target label", y_is, "", "", ""],
        [
            TERMS["LOSS"],
            "loss",
            f"{_number(found.made.before)}; higher is nearer to the goal",
            "",
            "",
            "",
        ],
        [
            TERMS["GRADIENT"] + TERMS["LOSS"],
            "gradient with respect to the input",
            "change of J for a move from black to white",
            *_three(terms.gradient, "{:.2g}"),
        ],
        [TERMS["SIGN"], "sign", "which way is uphill", *_three(terms.sign, "{:+.0f}")],
        [
            TERMS["EPS"],
            "scale",
            f"{found.levels:g} grey levels; in their directions:",
            *_three(terms.step, "{:+g}"),
        ],
        [
            TERMS["CLIP"],
            "black to white, whole levels",
            "the frame and the step, kept within 0 to 255",
            *_three(terms.wanted, "{:g}"),
        ],
        [AFTER, "attacked frame", "grey levels of 255", *_three(terms.moved, "{:.0f}")],
    ]
    at = board.ask.at
    head = ["term", "name", f"here, at pixel {at[0]}, {at[1]}", "red", "green", "blue"]
    promised = (
        f"The gradient promises J = {_number(found.predicted)} at {AFTER}; "
        f"it is {_number(found.made.after)}. Its L1 length is {found.steepness:.3g}; "
        f"{100 * found.flat:.1f} % of the values have slope 0."
    )
    return _table(head, rows, wide="cd-terms") + _hint(promised)


def _target(board: Board) -> str:
    """What the loss speaks of, in words."""
    assert board.settings is not None
    goal, still = board.settings.attack.goal, board.still
    count = still.drift.clean_count if still else 0
    what = f"the clean answer's {count} object{'' if count == 1 else 's'}"
    if goal is Goal.MISLABEL:
        what = f"{board.settings.attack.target}, towards which J rises"
    elif goal is Goal.FABRICATE:
        what = "an object that is not there, towards which J rises"
    else:
        what += ", away from which J rises"
    return escape(f"{what} (goal {goal_text(board.settings)})")


def _pgd(board: Board, found: Pgd) -> str:
    x, y = board.ask.at
    losses = [stop.loss for stop in found.way]
    chart = plot(
        [
            Series("PGD", losses),
            Series("FGSM, one step", [found.one_step] * len(losses), thin=True),
        ],
        [str(i) for i in range(len(losses))],
        "loss J after each step; higher is nearer to the goal",
    )
    rows = [
        [
            str(i),
            _number(stop.loss),
            f"{stop.linf:g}/255",
            *_three(stop.pixels[y, x].astype(float), "{:.0f}"),
            "yes" if stop.fell else "no",
        ]
        for i, stop in enumerate(found.way)
    ]
    first = found.first_fall
    told = (
        f"The goal is met for the first time after step {first}."
        if first is not None
        else "The goal is not met on this way: a larger ε, or more steps."
    )
    head = ["step", "J", "L∞", f"red at {x}, {y}", "green", "blue", "goal met"]
    return chart + _hint(told) + _table(head, rows)


def _patch(board: Board, found: Patch) -> str:
    del board
    left, top, right, bottom = found.box
    apart = found.made.apart
    chart = plot(
        [Series("J with the patch", found.losses)],
        [str(i) for i in range(len(found.losses))],
        "loss J after each step on the square's colours",
    )
    rows = [
        [
            "square",
            f"{right - left} {TIMES} {bottom - top} px, {100 * found.share:.2g} % of the frame",
        ],
        ["L0, pixels that changed", str(apart.l0)],
        ["L∞, the largest move", format_eps(apart.linf, Norm.LINF)],
    ]
    return chart + _table(["", ""], rows)


def _threat(board: Board, found: Threat) -> str:
    x, y = board.ask.at
    said = [
        ["white box", "slope, one backward for all values", *_three(found.gradient, "{:.2g}")],
        ["scores", f"the same, from {found.queries} questions", *_three(found.estimate, "{:.2g}")],
        ["", f"the loss of the frame: {_number(found.loss)}", "", "", ""],
        ["labels", f"has the frame fallen: {'yes' if found.fell else 'no'}", "", "", ""],
        ["nothing", NOTHING, "", "", ""],
    ]
    rows = [
        [
            tried.attack,
            _KNOWS[tried.knowledge],
            "yes" if tried.made.fell else "no",
            _number(tried.made.after),
            str(tried.made.counts.forwards),
            str(tried.made.counts.backwards),
            str(tried.made.counts.queries),
        ]
        for tried in found.tried
    ]
    told = (
        f"For the whole frame the questions would be {found.every:,}. The two slopes agree as far as the "
        "loss is a straight line between the two frames that were asked about."
    )
    heard = _table(["who knows", f"hears at pixel {x}, {y}", "red", "green", "blue"], said)
    head = ["attack", "knows", "goal met", "J", "forwards", "backwards", "queries"]
    return heard + _hint(told) + (_table(head, rows) if rows else "")


def _masking(board: Board, found: Masking) -> str:
    del board
    behind = f"behind {found.levels} grey levels"
    each = [
        ("PGD on the bare model", f"{100 * found.bare_slope:.0f} %", found.bare),
        (f"PGD on the model {behind}", f"{100 * found.masked_slope:.0f} %", found.masked),
        ("PGD past the staircase (BPDA), judged behind it", NOTHING, found.through),
        ("square, which asks for scores, behind it", NOTHING, found.square),
    ]
    rows = [
        [
            name,
            slope,
            "yes" if made.fell else "no",
            f"{_number(made.before)} \N{RIGHTWARDS ARROW} {_number(made.after)}",
        ]
        for name, slope, made in each
    ]
    return _table(["attack", "values with a slope", "goal met", "J"], rows)


def _linear(board: Board, found: Linear) -> str:
    del board
    chart = plot(
        [
            Series("along the sign of the gradient", found.along),
            Series("along a random sign", found.beside),
            Series("promised by the gradient", found.straight, thin=True),
        ],
        [f"{eps:.3g}" for eps in found.eps],
        "loss J against ε in grey levels of 255",
    )
    return chart + _hint(
        f"{found.values:,} values move by the same ε in both directions; only the signs differ."
    )


def _training(board: Board, found: Training) -> str:
    del board
    chart = plot(
        [Series("clean frame", found.clean), Series("FGSM's frame", found.attacked)],
        [str(i) for i in range(len(found.clean))],
        "cross-entropy towards the attacker's goal after each step of training; lower holds better",
    )
    rows = [
        ["FGSM on the model", "yes" if found.before.fell else "no", _number(found.before.after)],
        ["FGSM on the copy", "yes" if found.after.fell else "no", _number(found.after.after)],
        [
            "PGD on the model",
            "yes" if found.harder_before.fell else "no",
            _number(found.harder_before.after),
        ],
        ["PGD on the copy", "yes" if found.harder.fell else "no", _number(found.harder.after)],
    ]
    told = (
        f"{found.parameters:,} numbers of a copy were taught; it finds {found.found} of "
        f"{len(found.before.clean)} objects in the clean frame. The model that runs is untouched."
    )
    return chart + _table(["attack", "goal met", "J"], rows) + _hint(told)


_DETAILS: Final[dict[type[Any], Callable[[Board, Any], str]]] = {
    Norms: _norms,
    Nearest: _nearest,
    Fgsm: _fgsm,
    Pgd: _pgd,
    Patch: _patch,
    Threat: _threat,
    Masking: _masking,
    Linear: _linear,
    Training: _training,
}


def _table(head: Cells, rows: Sequence[Cells], wide: str = "") -> str:
    """The first cell of a row is its name; cells are HTML."""
    top = "".join(f"<th>{cell}</th>" for cell in head) if any(head) else ""
    body = "".join(
        f"<tr><th>{row[0]}</th>{''.join(f'<td>{cell}</td>' for cell in row[1:])}</tr>"
        for row in rows
    )
    above = f"<thead><tr>{top}</tr></thead>" if top else ""
    return f'<div class="cd-scroll"><table class="cd-table {wide}">{above}<tbody>{body}</tbody></table></div>'


def _hint(words: str) -> str:
    return f'<p class="cd-hint">{words}</p>'


def _three(values: Values, form: str) -> tuple[str, str, str]:
    """Red, green, blue of what is kept as blue, green, red."""
    blue, green, red = (form.format(value).replace("-", MINUS) for value in values)
    return red, green, blue


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", MINUS)


def _eps(eps: float, norm: Norm) -> str:
    return f"{eps * 255:.3g}/255" if norm is Norm.LINF else f"{eps:.3g}"
