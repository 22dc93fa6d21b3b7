"""Section [access] of config.toml: what may be opened from the panel and the API."""

from __future__ import annotations

from pydantic import Field, field_validator

from monitor.setting_kinds import Names, Section


class AccessSettings(Section):
    """What whoever looks at the panel may open, beside scenes, cameras and what camdrift is started with."""

    allow_sources: Names = Field(
        default=(),
        max_length=100,
        description="live only: sources that may be opened from the panel too: a URL or a path as it is, or "
        'all below a URL that ends in "/*"',
    )
    allow_folders: Names = Field(
        default=(),
        max_length=100,
        description="live only: folders whose files may be opened from the panel as sources, patches and "
        "surrogates",
    )

    @field_validator("allow_sources")
    @classmethod
    def _whole(cls, sources: tuple[str, ...]) -> tuple[str, ...]:
        for source in sources:
            before, star, after = source.partition("*")
            host = before.partition("://")[2].partition("/")
            if star and (after or not before.endswith("/") or not host[0] or not host[1]):
                raise ValueError(
                    f'{source}: a star stands at the end, after a host and a slash: "rtsp://camera/*"; '
                    "files are allowed by allow_folders"
                )
        return sources
