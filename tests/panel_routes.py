"""Every route that the panel has, read from the application, so that a new one cannot be forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterable

from starlette.routing import BaseRoute


def paths_of(routes: Iterable[BaseRoute], prefix: str = "") -> set[str]:
    """Every path that these routes answer, with their parameters' names as values."""
    paths: set[str] = set()
    for route in routes:
        path = prefix + (getattr(route, "path", None) or "")
        # FastAPI keeps a router that was included whole, in newer versions; older ones copied its routes.
        inner = getattr(getattr(route, "original_router", route), "routes", None)
        if inner:
            paths |= paths_of(inner, path)
        else:
            paths.add(re.sub(r"[{}]|:path", "", path) or "/")
    return paths
