"""How the API speaks: answers nobody keeps, refusals on one line, what a request must have, its document."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, HTTPException
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from monitor import __version__
from monitor.config import words
from monitor.panel.api_models import Refusal, SettingsChange
from monitor.panel.visitor import HEADER
from streams.naming import one_line

ROOT: Final = "/api/v1"
SENDER: Final = "api"
"""What the header X-Camdrift says in a request that changes something."""

HEADERS: Final[dict[str, str]] = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}

Responses = dict[int | str, dict[str, Any]]

_LARGEST: Final = 65_536  # bytes of a change; all settings at their longest take a tenth of it
_LONGEST: Final = 500  # characters of a refusal, which quotes the value

_INTRODUCTION: Final = f"""\
What the panel shows, for programs. Where the panel has a password, POST it to /login as the form field
`password` and send the cookie along. What changes something needs the header `{HEADER}: {SENDER}`, which no
web page from elsewhere can send. eps and distances are in pixel units of [0, 1], boxes in pixels; names that
end in `_s` are seconds, in `_ms` milliseconds."""


def answer(model: BaseModel) -> Response:
    """The model as strict JSON: pydantic writes null for what is no number."""
    return Response(model.model_dump_json(), media_type="application/json", headers=HEADERS)


def refused(status: int, why: str) -> HTTPException:
    """What to raise where there is nothing else to say: one line, shortened if a value in it is long."""
    line = one_line(why)
    return HTTPException(
        status, line if len(line) <= _LONGEST else f"{line[:_LONGEST]}...", HEADERS
    )


def refusal(status: int, description: str) -> Responses:
    """How a refusal is declared."""
    return {status: {"model": Refusal, "description": description}}


def _of_the_door(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"text/plain": {"schema": {"type": "string"}}}}


DOOR: Final[Responses] = {
    401: _of_the_door("The panel has a password: log in first."),
    421: _of_the_door("The panel has none, and was not asked for as 127.0.0.1 or localhost."),
}
"""What the panel's guard says in front of every route."""


def only_from_a_program(
    sender: Annotated[str | None, Header(alias=HEADER, include_in_schema=False)] = None,
) -> None:
    """A dependency: refuses what a page from elsewhere could have sent."""
    if sender != SENDER:
        raise refused(403, f"send the header {HEADER}: {SENDER}")


FROM_A_PROGRAM: Final[Responses] = refusal(403, f"The header `{HEADER}: {SENDER}` is missing.")

HEADER_DECLARED: Final[dict[str, Any]] = {
    "name": HEADER,
    "in": "header",
    "required": True,
    "description": "Shows that no web page from elsewhere asks.",
    "schema": {"type": "string", "const": SENDER},
}
"""By hand, for FastAPI would answer 422 where it is missing."""

CHANGE_DECLARED: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {"$ref": f"#/components/schemas/{SettingsChange.__name__}"},
            "examples": {
                "eps": {"value": {"eps": "8/255"}},
                "attack": {"value": {"attack": "pgd", "goal": "vanish", "steps": 10}},
            },
        }
    },
}

CHANGE_REFUSALS: Final[Responses] = {
    **refusal(413, f"The body has more than {_LARGEST} bytes."),
    **refusal(415, "The body is not declared as application/json."),
    **refusal(422, "An unknown word or a value that is refused; nothing has changed."),
}


async def read_changes(request: Request) -> dict[str, object]:
    """The words and values of a change, checked for type and range.

    Raises
    ------
    HTTPException : too long, not JSON, a word that may not be changed here, a value out of range.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise refused(415, "send the header Content-Type: application/json")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST:
            raise refused(413, f"a change has {_LARGEST} bytes at most")
    try:
        SettingsChange.model_validate_json(bytes(body))
        # Again, for what was written and not what it was turned into; nor does pydantic mind NaN.
        tree = json.loads(body, parse_constant=_no_constant)
    except ValidationError as error:
        raise refused(422, _first_line(error)) from None
    except (ValueError, RecursionError) as error:
        raise refused(422, f"not JSON: {error}") from None
    return {str(word): value for word, value in tree.items()}


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _first_line(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False)[0]
    if not first["loc"]:
        return first["msg"].replace("Input should be", "the body must be")
    word = str(first["loc"][0])
    if first["type"] == "extra_forbidden":
        known = word in [name for _, name in words()]
        why = "is not changed here" if known else "no such setting"
        return f"{word}: {why}; see GET {ROOT}/settings"
    reason = first["msg"].replace("Input should be", "must be")
    return f"{word} = {first['input']!r}: {reason}"


class OneLineRoute(APIRoute):
    """A route whose refusals of a parameter are one line too, not FastAPI's list."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, with its refusal put into words."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                first = error.errors()[0]
                reason = str(first["msg"]).replace("Input should be", "must be")
                raise refused(422, f"{first['loc'][-1]}: {reason}") from None

        return handled


class Elsewhere:
    """What is under the API's root and no route of it: Gradio's page would answer otherwise."""

    def __init__(self, router: APIRouter) -> None:
        self._routes = [route for route in router.routes if isinstance(route, APIRoute)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """405 where another method is answered there, else 404."""
        found = [route for route in self._routes if route.matches(scope)[0] is not Match.NONE]
        methods = sorted({method for route in found for method in route.methods or ()})
        if methods:
            text, headers = f"answers {', '.join(methods)}", {"Allow": ", ".join(methods)}
        else:
            text, headers = f"no such route; see {ROOT}/openapi.json", {}
        said = JSONResponse({"detail": text}, 405 if methods else 404, {**HEADERS, **headers})
        await said(scope, receive, send)


def document(router: APIRouter) -> dict[str, Any]:
    """The OpenAPI document of the router's routes and no others."""
    made = get_openapi(
        title="camdrift", version=__version__, description=_INTRODUCTION, routes=router.routes
    )
    schema = SettingsChange.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas: dict[str, Any] = made["components"]["schemas"]
    for name, part in schema.pop("$defs", {}).items():
        schemas.setdefault(name, part)
    schemas[SettingsChange.__name__] = schema
    return made
