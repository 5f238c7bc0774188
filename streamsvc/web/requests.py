"""What handlers share: the services, the viewer, transactions, and reading a request."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Concatenate, ParamSpec, TypeVar
from uuid import UUID

import msgspec
from aiohttp import web
from sqlalchemy.orm import Session

from catalog.errors import TokenRefused
from streamsvc.errors import BadRequest
from streamsvc.services import Services
from streamsvc.texts import choose_language

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

SERVICES = web.AppKey("services", Services)


@dataclass(frozen=True, slots=True)
class Viewer:
    """The signed-in person of one request."""

    person_id: UUID
    login: str
    role: str
    unit_id: UUID
    unit_path: str


VIEWER = web.RequestKey("viewer", Viewer)
"""Set by the authentication middleware; absent for an anonymous request."""


def services(request: web.Request) -> Services:
    return request.app[SERVICES]


def viewer(request: web.Request) -> Viewer:
    """The signed-in person. Raises TokenRefused when nobody is."""
    found: Viewer | None = request.get(VIEWER)
    if found is None:
        raise TokenRefused("this address needs a bearer token")
    return found


def language(request: web.Request) -> str:
    """The person's language: their choice in the `language` cookie, else what the browser prefers."""
    return choose_language(request.cookies.get("language") or request.headers.get("Accept-Language") or "")


async def in_transaction(
    request: web.Request, function: Callable[Concatenate[Session, P], R], /, *args: P.args, **kwargs: P.kwargs
) -> R:
    """Run a domain function in one writing transaction; after its commit send the wake-ups it left."""
    with_services = services(request)
    result, messages = await with_services.database.write(function, *args, **kwargs)
    if messages:
        await asyncio.to_thread(with_services.send, messages)
    return result


async def reading(
    request: web.Request, function: Callable[Concatenate[Session, P], R], /, *args: P.args, **kwargs: P.kwargs
) -> R:
    """Run a domain function that only reads."""
    return await services(request).database.read(function, *args, **kwargs)


def path_uuid(request: web.Request, name: str) -> UUID:
    """An id in the path. A malformed one reads as an address that does not exist."""
    try:
        return UUID(request.match_info[name])
    except ValueError as exc:
        raise web.HTTPNotFound from exc


async def json_body(request: web.Request, shape: type[T]) -> T:
    """The body, validated. Raises BadRequest that names the place of the mistake."""
    if request.content_type != "application/json":
        raise BadRequest("Content-Type must be application/json", reason="Content-Type: application/json")
    try:
        return msgspec.json.decode(await request.read(), type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise BadRequest(str(exc), reason=str(exc)[:200]) from exc


def json_response(value: object, *, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")
