"""The routes to the files of runs; each download names its run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from fastapi import FastAPI
from starlette.responses import FileResponse, PlainTextResponse, Response

from monitor.panel.run_shelf import Shelf

RUNS: Final = "/runs"
_SHOWN: Final = (".html", ".png", ".json")
# A report may be somebody else's: it may not run a script, nor load anything.
_SEALED: Final = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "frame-ancestors 'none'"
)


def add_run_files(app: FastAPI, shelf: Shelf) -> None:
    """Add GET /runs/NAME/FILE, for the files that a run folder has for people."""
    app.add_api_route(f"{RUNS}/{{name}}/{{file:path}}", _file(shelf), methods=["GET"])


def _file(shelf: Shelf) -> Callable[[str, str], Response]:
    def file(name: str, file: str) -> Response:
        found = shelf.file(name, file)
        if found is None:
            return PlainTextResponse("no such run, or no such file in it", 404)
        return FileResponse(
            found,
            filename=f"{name}-{found.name}",
            content_disposition_type="inline" if found.suffix in _SHOWN else "attachment",
            headers={"Cache-Control": "no-store", "Content-Security-Policy": _SEALED},
        )

    return file
