"""The one loop that owns what every attack shares: view, budget, success, counting."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np

from monitor.arrays import Pixels
from monitor.distances import Budget, Norm
from monitor.errors import AttackContractError
from monitor.knowledge import Knowledge, view_for
from monitor.limits import Stopped
from monitor.objective import Objective


class Attack(Protocol):
    """An attack is a frozen dataclass of hyper-parameters; it contains only its own idea."""

    @property
    def knowledge(self) -> Knowledge:
        """Which view `run` is handed."""
        ...

    @property
    def norms(self) -> frozenset[Norm]:
        """The norms that it can keep a budget in."""
        ...

    def run(self, objective: Any, x: Pixels, budget: Budget, rng: np.random.Generator) -> Pixels:
        """A frame inside `budget` around `x`; the last or the best that was found.

        `objective` is the view that `knowledge` names (`Objective`, `ScoreView`, `LabelView`).
        """
        ...


@runtime_checkable
class Minimal(Attack, Protocol):
    """An attack that looks for the nearest frame that falls; the budget is how far it may look."""

    @property
    def search(self) -> Any:
        """What looks, between the grey levels (`monitor.attacks.shortest`)."""
        ...


@runtime_checkable
class Nearing(Attack, Protocol):
    """An attack that begins far outside of the budget and comes nearer, as long as it is let."""

    @property
    def comes_nearer(self) -> bool:
        """True."""
        ...


def drive(attack: Attack, objective: Objective, budget: Budget, rng: np.random.Generator) -> Pixels:
    """Run an attack on the objective's frame and return the best frame that it showed the model.

    What `run` returns is judged like every other attempt; the best of all within the budget (goal met, then
    objects drifted, then loss; of a `Minimal` or `Nearing` attack the nearest that met it) is returned, as
    an array that shares no memory with the clean frame. Where the limits of the objective end the search,
    the best so far is returned, and `counts.stopped` says so.

    Raises
    ------
    AttackContractError : the norm is none of the attack's, the frame returned is outside the budget or
        of another shape or type, or the attack used gradients that its knowledge does not cover.
    """
    name = type(attack).__name__
    clean = objective.pixels
    if budget.norm not in attack.norms:
        known = ", ".join(sorted(attack.norms))
        raise AttackContractError(
            f"{name} keeps budgets in {known}, not in {budget.norm}; choose one of these"
        )
    if budget.eps == 0:
        return clean
    objective.hold(budget, nearest=isinstance(attack, Minimal | Nearing))
    backwards = objective.counts.backwards
    try:
        x = attack.run(view_for(attack.knowledge, objective), clean, budget, rng)
    except Stopped:
        objective.counts.stopped = True
        x = objective.settle()
    if attack.knowledge is not Knowledge.WHITE_BOX and objective.counts.backwards != backwards:
        raise AttackContractError(
            f"{name} is declared {attack.knowledge} and took gradients; a bug in the attack"
        )
    objective.release()
    if x.dtype != np.uint8 or x.shape != clean.shape or np.shares_memory(x, clean):
        raise AttackContractError(
            f"{name} returned {x.dtype} {x.shape}, expected a new uint8 {clean.shape}; a bug in the attack"
        )
    best = objective.best
    if best is None or objective.in_time():
        last = objective.answer(x)
        if not last.kept:
            raise AttackContractError(
                f"{name} went {last.distance:.3f}/255 far, "
                f"the budget is {budget.levels:.3f}/255 ({budget.norm}); a bug in the attack"
            )
        best = objective.best or last
    return best.pixels
