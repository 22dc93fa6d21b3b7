"""The files of runs over HTTP: reports, tables of figures, videos, pictures of the worst frames."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from fastapi import FastAPI
from starlette.responses import FileResponse, PlainTextResponse, Response

from monitor.errors import RunError
from monitor.panel.runs_pictures import KINDS, Album
from monitor.panel.runs_shelf import FILES, VIDEOS, Shelf, has_file
from monitor.runs import Run

RUNS: Final = "/runs"
"""Where the files of a run can be had: `RUNS/NAME/FILE`."""

REPORT: Final = "report.html"

_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".pdf": "application/pdf",
    ".mkv": "video/x-matroska",
}
# A stranger's report runs no script and loads nothing, and counts as of another origin than the panel.
_SANDBOX: Final = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Content-Security-Policy": _SANDBOX,
}
_PICTURE: Final = re.compile(rf"frame-([0-9]{{1,12}})-({'|'.join(KINDS)})\.png")


def run_file_routes(app: FastAPI, shelf: Shelf) -> None:
    """Add GET /runs/NAME/FILE; before the page, which answers for every address that is left.

    FILE is one of `FILES` and `VIDEOS`, which are downloads named after their run, or a picture,
    "frame-27-clean.png". "report.html?open=1" shows the report instead. Anything else is a 404 with one line.

    Parameters
    ----------
    app : gets the route.
    shelf : whose runs.
    """
    album = Album(shelf)
    app.add_api_route(f"{RUNS}/{{name}}/{{file}}", _route(shelf, album), methods=["GET"])


def address(name: str, file: str) -> str:
    """Where a run's file can be had."""
    return f"{RUNS}/{quote(name, safe='')}/{quote(file, safe='')}"


def picture_address(name: str, index: int, kind: str) -> str:
    """Where a picture of one of a run's worst frames can be had."""
    return address(name, f"frame-{index}-{kind}.png")


def downloads(run: Run) -> list[str]:
    """The files of a run that can be had, the report first."""
    return [file for file in (*FILES, *VIDEOS) if has_file(run, file)]


def _route(shelf: Shelf, album: Album) -> Callable[..., Response]:
    # No coroutine: it is called in a thread, for a picture may have to be decoded first.
    def run_file(name: str, file: str, open: int = 0) -> Response:
        try:
            picture = _PICTURE.fullmatch(file)
            if picture is not None:
                data = album.picture(name, int(picture[1]), picture[2])
                return Response(data, media_type="image/png", headers=_HEADERS)
            path = shelf.file(name, file)
        except RunError as error:
            return PlainTextResponse(str(error), 404, headers=_HEADERS)
        how = "inline" if open and file == REPORT else "attachment"
        said = {"Content-Disposition": f"{how}; {_filename(f'{name}-{file}')}"}
        return FileResponse(path, media_type=_TYPES[path.suffix], headers=_HEADERS | said)

    return run_file


def _filename(name: str) -> str:
    """A file's name for Content-Disposition: plain, and as RFC 5987 writes it where it is not ASCII."""
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", name)
    exact = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'filename="{plain}"{exact}'
