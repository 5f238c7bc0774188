"""
Every address the service answers, collected from the handler modules.

A handler module exposes `routes` and `OPENAPI`, a mapping path → path item (OpenAPI 3.1) that describes each of its
`/api/` routes, and may expose `SCHEMAS`, shapes that it refers to (`#/components/schemas/…`); shared shapes and small
makers of descriptions stand in `streamsvc.web.openapi`. `prepare(app)`, where there is one, adds what the area needs
to the application: state, background rounds, an end. Handlers are private unless marked with
`streamsvc.web.authentication.public`.
"""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, Protocol

from aiohttp import web

from streamsvc.web import openapi
from streamsvc.web.handlers import (
    demo,
    documentation,
    events,
    lessons,
    media,
    pages,
    plans,
    playback,
    progress,
    system,
    tokens,
    uploads,
)


class HandlerModule(Protocol):
    @property
    def routes(self) -> Sequence[web.AbstractRouteDef]: ...
    @property
    def OPENAPI(self) -> Mapping[str, Any]: ...  # noqa: N802  # a constant of the module


AREAS: tuple[HandlerModule, ...] = (
    system,
    documentation,
    tokens,
    lessons,
    plans,
    progress,
    playback,
    demo,
    uploads,
    events,
    media,
    pages,
)


def add_routes(app: web.Application) -> None:
    """Add every area to the application, and the description of all of them."""
    for module in AREAS:
        app.add_routes(module.routes)
        if prepare := getattr(module, "prepare", None):
            prepare(app)
    app[documentation.DESCRIPTION] = description()


def description() -> dict[str, Any]:
    """Our OpenAPI description, put together from the areas."""
    paths = {path: item for module in AREAS for path, item in module.OPENAPI.items()}
    schemas = [getattr(module, "SCHEMAS", {}) for module in AREAS]
    return openapi.document(paths, version=version("sabaq"), more_schemas=schemas)
