"""Section [access] of config.toml: what may be opened through the panel and its API."""

from __future__ import annotations

from pydantic import Field

from monitor.setting_kinds import Names, Section


class AccessSettings(Section):
    """What the panel may open beside scenes, cameras of this machine, and what the command line named."""

    sources: Names = Field(
        default=(),
        max_length=100,
        description='sources that the panel may open: exact, or with a * at the end: "rtsp://10.0.0.7/*"; '
        "scenes, this machine's cameras and what the command line named are allowed anyway",
    )
    folders: Names = Field(
        default=(),
        max_length=100,
        description="folders whose files the panel may open: videos, photos, patches",
    )
