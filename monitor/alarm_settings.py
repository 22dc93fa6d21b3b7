"""Section [alarms] of config.toml: when a live session calls, and whom."""

from __future__ import annotations

from pydantic import Field

from monitor.setting_kinds import Section


class AlarmSettings(Section):
    """When the drift changed for good."""

    alarms: bool = Field(
        default=True,
        description="live only: watch miss rate, score drop and class histogram, and call when one of them "
        "rises or falls for good",
    )
    alarm_change: float = Field(
        default=0.2,
        gt=0,
        le=1,
        description="how far a level has to move, of its range from 0 to 1, to be worth a call",
    )
    alarm_span: int = Field(
        default=8,
        ge=2,
        le=1000,
        description="frames that the new level is taken over before it counts",
    )
    alarm_cool_down: int = Field(
        default=12,
        ge=0,
        le=100_000,
        description="frames after a call in which the same figure does not call again",
    )
    webhook: str = Field(
        default="",
        max_length=2000,
        description="http(s) URL that each alarm is posted to as JSON; empty: none",
    )
    webhook_tries: int = Field(
        default=5,
        ge=1,
        le=20,
        description="attempts to deliver an alarm; the waits between them begin at 1 s and double",
    )
