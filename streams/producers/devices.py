"""Which cameras the operating system lists."""

from __future__ import annotations

import re
import sys
from pathlib import Path


def listed_cameras(
    folder: Path = Path("/dev"), platform: str = sys.platform
) -> tuple[int, ...] | None:
    """Return the indexes of the cameras that are there, None on systems that do not list them.

    On Linux these are the /dev/videoN. Some of them are no cameras (many webcams have a second node for
    metadata); opening tells.
    """
    if not platform.startswith("linux"):
        return None
    found = (re.fullmatch(r"video(\d+)", device.name) for device in folder.glob("video*"))
    return tuple(sorted(int(match[1]) for match in found if match))
