"""The API under /api/v1: the monitor's state, settings, drift and alarms as JSON, for programs.

It stands behind the panel's guard like every other route. How it speaks is in `monitor.panel.api_manners`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Protocol

from fastapi import APIRouter, Depends, FastAPI, Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from models.errors import ModelError
from monitor import __version__
from monitor.alarm_facts import AlarmBook, alarm_facts, finite
from monitor.alarming import Evidence
from monitor.config import Settings
from monitor.drift.matching import ObjectDrift
from monitor.drift.tracks import ObjectTrack
from monitor.errors import MonitorError
from monitor.live import Live
from monitor.panel.api_manners import (
    CHANGE_DECLARED,
    CHANGE_REFUSALS,
    DOOR,
    FROM_A_PROGRAM,
    HEADER_DECLARED,
    HEADERS,
    ROOT,
    Elsewhere,
    OneLineRoute,
    Responses,
    answer,
    document,
    only_from_a_program,
    read_changes,
    refusal,
    refused,
)
from monitor.panel.api_models import (
    MOST,
    AlarmAnswer,
    AlarmsAnswer,
    DistancesAnswer,
    DriftAnswer,
    FrameAnswer,
    ObjectAnswer,
    RatesAnswer,
    SettingsAnswer,
    StatusAnswer,
)
from monitor.panel.controls import WORDS
from monitor.panel.watch import Watch
from monitor.pipeline import Observation
from monitor.status import SessionState
from streams.errors import StreamError
from streams.naming import without_credentials

_GUARDED: Final = [Depends(only_from_a_program)]
_BAD_PARAMETER: Final = refusal(422, "A parameter that is no such number or name.")
_PICTURE: Final[Responses] = {
    200: {
        "description": "The picture.",
        "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class Changeable(Protocol):
    """The part of `monitor.panel.controls.Controls` that the API calls."""

    def apply(self, changes: Mapping[str, object]) -> str:
        """Change settings by word, all or nothing; "" or why not, on one line."""
        ...


def add_api(
    app: FastAPI, live: Live, watch: Watch, alarms: AlarmBook, controls: Changeable
) -> None:
    """Add the routes under /api/v1, the OpenAPI document of them among these.

    Parameters
    ----------
    app : whose other routes stay out of the document.
    live : what is told of and driven; with several cameras the one in view.
    watch : its newest frame and its rates.
    alarms : what was called so far.
    controls : through which settings are changed, so that what the panel may not open stays shut.
    """
    router = APIRouter(prefix=ROOT, route_class=OneLineRoute, responses=DOOR)
    _add_state(router, live)
    _add_settings(router, live, controls)
    _add_drift(router, live, watch)
    _add_alarms(router, alarms)
    told = document(router)
    app.include_router(router)

    def openapi() -> Response:
        return JSONResponse(told, headers=HEADERS)

    app.add_api_route(f"{ROOT}/openapi.json", openapi, methods=["GET"], include_in_schema=False)
    app.router.routes.append(Route(f"{ROOT}/{{rest:path}}", Elsewhere(router)))


def _add_state(router: APIRouter, live: Live) -> None:
    @router.get("/status", response_model=StatusAnswer)
    def status() -> Response:
        """What the monitor is doing, how fast, and what is wrong."""
        return answer(_status(live))

    @router.post(
        "/start",
        response_model=StatusAnswer,
        dependencies=_GUARDED,
        responses={**FROM_A_PROGRAM, **refusal(409, "It cannot begin as things are; see detail.")},
        openapi_extra={"parameters": [HEADER_DECLARED]},
    )
    def start() -> Response:
        """Go on after a pause; after the end or a failure open the source again.

        Where it runs already nothing happens. A camera can take seconds to open: the state in the answer
        is that of now.
        """
        over = live.status.state in (SessionState.FAILED, SessionState.ENDED)
        live.resume()
        if over:
            try:
                live.apply({})  # any change opens the source anew
            except (MonitorError, ModelError, StreamError) as error:
                raise refused(409, str(error)) from None
        return answer(_status(live))

    @router.post(
        "/stop",
        response_model=StatusAnswer,
        dependencies=_GUARDED,
        responses=FROM_A_PROGRAM,
        openapi_extra={"parameters": [HEADER_DECLARED]},
    )
    def stop() -> Response:
        """Stand still at the newest frame, the camera kept open, until `start`."""
        live.pause()
        return answer(_status(live))


def _add_settings(router: APIRouter, live: Live, controls: Changeable) -> None:
    @router.get("/settings", response_model=SettingsAnswer)
    def settings() -> Response:
        """The settings that hold from the next frame on, by their word in config.toml."""
        return answer(SettingsAnswer(**_values(live.settings)))

    @router.patch(
        "/settings",
        response_model=SettingsAnswer,
        dependencies=_GUARDED,
        responses={**FROM_A_PROGRAM, **CHANGE_REFUSALS},
        openapi_extra={"parameters": [HEADER_DECLARED], "requestBody": CHANGE_DECLARED},
    )
    async def change(request: Request) -> Response:
        """Change some settings from the next frame on: all that are named, or on a refusal none.

        A source that cannot be opened or a model that cannot take the goal shows a little later, as the
        status' `message`; what was at work goes on then.
        """
        changes = await read_changes(request)

        def apply() -> str:
            # A client may send back what it got, the camera's address without its login for one.
            held = _values(live.settings)
            fresh = {word: value for word, value in changes.items() if value != held[word]}
            return controls.apply(fresh) if changes else ""

        # What is checked may read a patch from the disk; other pages wait for their pictures meanwhile.
        reason = await run_in_threadpool(apply)
        if reason:
            raise refused(422, reason)
        return answer(SettingsAnswer(**_values(live.settings)))


def _add_drift(router: APIRouter, live: Live, watch: Watch) -> None:
    @router.get("/drift", response_model=DriftAnswer)
    def drift() -> Response:
        """The newest frame's drift, object by object, and the rates over the last frames.

        Before the first frame of a source `frame` and all rates are null. Asking counts as watching: the
        work goes on for `idle_after` seconds, and where it rested this answer is still the old one.
        """
        with live.viewer():
            reading = watch.reading()
        rates = {name: finite(value) for name, value in reading.rates.as_dict().items()}
        seen = reading.observation
        return answer(
            DriftAnswer(
                frame=None if seen is None else _frame(seen, live.class_names),
                rates=RatesAnswer(**rates),
                window=reading.window,
            )
        )


def _add_alarms(router: APIRouter, alarms: AlarmBook) -> None:
    @router.get("/alarms", response_model=AlarmsAnswer, responses=_BAD_PARAMETER)
    def calls(
        after: Annotated[
            int, Query(ge=0, le=MOST, description="Only alarms with a higher number.")
        ] = 0,
    ) -> Response:
        """The last alarms, newest last, at most 100.

        Ask with the number of the last one that you know; numbers never go back while the monitor runs.
        """
        facts = [alarm_facts(alarm) for alarm in alarms.all() if alarm.number > after]
        told = [AlarmAnswer.model_validate(fact) for fact in facts]
        return answer(AlarmsAnswer(alarms=told))

    @router.get(
        "/alarms/{number}/{which}.jpg",
        response_class=Response,
        responses={
            **_PICTURE,
            **_BAD_PARAMETER,
            **refusal(404, "There is no such picture, or no longer."),
        },
    )
    def picture(
        number: Annotated[int, Path(ge=1, le=MOST, description="Of the alarm.")],
        which: Annotated[Evidence, Path(description="Which of its three frames.")],
    ) -> Response:
        """The evidence of an alarm: the frame before, at the change, and at the call."""
        jpeg = alarms.picture(number, str(which))
        if jpeg is None:
            raise refused(404, f"no picture {str(which)!r} of alarm {number}, or no longer")
        return Response(jpeg, media_type="image/jpeg", headers=HEADERS)


def _status(live: Live) -> StatusAnswer:
    status = live.status
    return StatusAnswer(
        state=status.state,
        source=without_credentials(status.source),
        message=status.message,
        trouble=status.trouble,
        frames=status.frames,
        fps=finite(status.fps),
        latency_ms=finite(status.latency_ms),
        age_s=finite(status.age_s),
        dropped=status.dropped,
        late=status.late,
        reconnects=status.health.reconnects,
        model=live.applied.detector.model,
        version=__version__,
    )


def _values(settings: Settings) -> dict[str, Any]:
    """Word -> value of what may be changed, as it is told."""
    values = {word: settings.word(word) for word in WORDS}
    return {**values, "source": without_credentials(values["source"])}


def _frame(seen: Observation, class_names: tuple[str, ...]) -> FrameAnswer:
    frame, apart = seen.frame, seen.distances
    return FrameAnswer(
        index=frame.index,
        media_time=finite(frame.media_time),
        source=without_credentials(frame.source),
        size=list(frame.size),
        success=seen.success,
        late=seen.late,
        margin_eps=finite(seen.margin),
        distances=DistancesAnswer(linf=apart.linf, l2=apart.l2, l1=apart.l1, l0=apart.l0),
        objects=[_object(thing, track, class_names) for thing, track in seen.tracked()],
    )


def _object(thing: ObjectDrift, track: ObjectTrack, class_names: tuple[str, ...]) -> ObjectAnswer:
    def name(number: int | None) -> str | None:
        # While a model is replaced the newest frame may still be of the old one.
        if number is None:
            return None
        return class_names[number] if number < len(class_names) else str(number)

    return ObjectAnswer(
        outcome=thing.outcome,
        clean_class=name(thing.clean_class),
        attacked_class=name(thing.attacked_class),
        clean_score=finite(thing.clean_score),
        attacked_score=finite(thing.attacked_score),
        clean_box=None if thing.clean_box is None else list(thing.clean_box),
        attacked_box=None if thing.attacked_box is None else list(thing.attacked_box),
        iou=finite(thing.iou),
        track_id=track.track_id,
        attacked_track_id=track.attacked_track_id,
    )
