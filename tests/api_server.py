"""The API alone, without page and guard, on a port of this machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from alarm_stories import Book, called
from fastapi import FastAPI

from monitor.live import Live
from monitor.panel.api import add_api
from monitor.panel.controls import Controls
from monitor.panel.doorstep import bind, url_of
from monitor.panel.watch import Watch


@contextmanager
def answering(live: Live) -> Iterator[str]:
    """Its URL while it answers; two alarms were called already."""
    app = FastAPI(openapi_url=None)
    add_api(app, live, Watch(live), Book(called(1), called(2)), Controls(live))
    listener = bind("127.0.0.1", 0, guarded=False)
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, ws="none", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + 10
        while not server.started:
            assert time.monotonic() < deadline, "the API did not answer within 10 s"
            time.sleep(0.01)
        yield url_of("127.0.0.1", listener)
    finally:
        server.should_exit = True
        thread.join(5)
        listener.close()
