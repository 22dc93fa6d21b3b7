"""What is done to the frames: section [attack] of config.toml."""

from __future__ import annotations

from typing import Any, Final

from pydantic import Field, field_validator, model_validator

from monitor.distances import Budget, Norm
from monitor.errors import ConfigError
from monitor.goals import Criterion, Goal
from monitor.places import parse_place
from monitor.setting_kinds import Eps, Section

PATCH: Final = "patch"
"""The attack that wears a patch."""

PATCH_PREFIX: Final = "patch:"


class AttackSettings(Section):
    """What is done to the frames."""

    attack: str = Field(
        default="fgsm", min_length=1, description='a name that `camdrift attacks` lists, or "none"'
    )
    goal: Goal = Field(
        default=Goal.VANISH,
        description='"vanish": hide every object; "fabricate": make one appear; "mislabel": turn all into '
        '`target`; "any": drift of any kind',
    )
    target: str = Field(
        default="",
        max_length=200,
        description="a class of the model: what mislabel turns objects into and fabricate makes appear "
        "(empty: any); vanish and any do not heed it",
    )
    at: str = Field(
        default="",
        max_length=200,
        description='where fabricate puts it: shares of width and height, "0.62,0.4", or the name of an '
        "object in the source's ground truth; empty: anywhere",
    )
    norm: Norm = Field(
        default=Norm.LINF,
        description='"linf": no value moves by more than eps; "l2": Euclidean length of all moves; '
        '"l1": their sum; "l0": number of pixels that change',
    )
    eps: Eps = Field(
        default=4 / 255,
        ge=0,
        le=100_000,
        description="the budget in pixel units of [0, 1] (l0: pixels); a fraction in quotes or a number",
    )
    steps: int = Field(
        default=10,
        ge=1,
        le=1000,
        description="gradient steps a frame, for attacks that take several",
    )
    step_size: float = Field(
        default=1.0, gt=0, le=2, description="length of the first step, as a share of eps"
    )
    anneal: bool = Field(
        default=True,
        description="steps shrink along half a cosine, down to none; false: all are step_size long",
    )
    restarts: int = Field(
        default=1, ge=1, le=100, description="random starts tried before giving up, each of `steps`"
    )
    random_start: bool = Field(
        default=True, description="start at a random point of the budget, not at the frame"
    )
    early_stop: bool = Field(default=True, description="stop at the first step that meets the goal")
    loss: Criterion = Field(
        default=Criterion.GOAL,
        description='what is climbed: "goal": the goal\'s own loss; "ce": cross-entropy; "dlr": difference '
        'of logits ratio; "gap": the lead in logits that the goal is missed by',
    )
    decay: float = Field(
        default=0.7, ge=0, le=1, description="share of the momentum that a step keeps; 0: none"
    )
    queries: int = Field(
        default=500,
        ge=1,
        le=1_000_000,
        description="answers that a black-box attack may ask for, a frame",
    )
    population: int = Field(
        default=100, ge=4, le=10_000, description="candidates of a generation of one-pixel"
    )
    learn: int = Field(
        default=50,
        ge=1,
        le=100_000,
        description="frames that universal learns its one perturbation on; then it stays as it is",
    )
    patch: str = Field(
        default="",
        max_length=500,
        description="the patch that is worn: a file that `camdrift patch train` wrote, or the name of one "
        'that comes with camdrift; attack = "patch:FILE" says both',
    )
    patch_at: str = Field(
        default="",
        max_length=200,
        description='where it hangs: "below", "above", "left", "right" or "on" every object, with its size '
        'in the object\'s ("below:1.5"); a spot, "0.5,0.8"; four corners in the first frame, which are '
        "followed; empty: as it was trained",
    )
    patch_share: float = Field(
        default=0.05,
        gt=0,
        le=1,
        description="its L0 budget: the share of the frame that all copies of it may cover",
    )
    surrogate: str = Field(
        default="",
        max_length=200,
        description="transfer: the model whose gradients are taken, named like detector.model",
    )
    deadline_ms: float = Field(
        default=0,
        ge=0,
        le=3_600_000,
        description="milliseconds a frame may take, both answers included: the attack stops with its best so "
        "far; 0: none",
    )

    margin_every: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description="frames between two measurements of the robustness margin, the least eps at which a "
        "frame falls; 0: only where the attack itself looks for it",
    )

    @model_validator(mode="before")
    @classmethod
    def _patch_may_be_named_with_the_attack(cls, words: Any) -> Any:
        """`patch:FILE` is the attack "patch" with that patch."""
        attack = words.get("attack") if isinstance(words, dict) else None
        if isinstance(attack, str) and attack.startswith(PATCH_PREFIX):
            return {**words, "attack": PATCH, "patch": attack.removeprefix(PATCH_PREFIX).strip()}
        return words

    @model_validator(mode="after")
    def _budget_makes_sense(self) -> AttackSettings:
        try:
            Budget(self.norm, self.eps)
        except ConfigError as error:
            raise ValueError(str(error)) from None
        return self

    @field_validator("at")
    @classmethod
    def _place_can_be_read(cls, text: str) -> str:
        try:
            parse_place(text)
        except ConfigError as error:
            raise ValueError(str(error)) from None
        return text.strip()
