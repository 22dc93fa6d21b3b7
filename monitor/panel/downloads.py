"""What can be downloaded of the live session; every file's name says of which run it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import FastAPI
from starlette.responses import PlainTextResponse, Response

from monitor.live import Live
from monitor.panel.tape import Tape
from monitor.runs.writer import slug
from monitor.snapshot import snapshot
from monitor.status import SessionState

SNAPSHOT = "/snapshot.zip"


def add_downloads(app: FastAPI, session: Live, tape: Tape) -> None:
    """Add GET /snapshot.zip, the newest frame.

    Parameters
    ----------
    session : whose newest frame it is.
    tape : that knows the name of the run, while one is recorded.
    """
    app.add_api_route(SNAPSHOT, _snapshot(session, tape), methods=["GET"])


def _snapshot(session: Live, tape: Tape) -> Callable[[], Response]:
    opened = datetime.now(UTC)

    # No coroutine: it is called in a thread, for six PNGs take a tenth of a second.
    def take() -> Response:
        _, seen = session.broadcast.newest()
        if seen is None or session.status.state is SessionState.FAILED:
            return PlainTextResponse("no frame yet: take a snapshot when the pictures move", 409)
        run = tape.at_work()[0] or f"{opened:%Y%m%dT%H%M%SZ}-{slug(seen.frame.source)}"
        data = snapshot(seen, session.applied, session.class_names, run=run)
        name = f"{run}-frame{seen.frame.index}.zip"
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        }
        return Response(data, media_type="application/zip", headers=headers)

    return take
