"""
Every address the service answers, collected from the handler modules.

A handler module exposes `routes` and `OPENAPI`, a mapping path → path item (OpenAPI 3.1) that describes each of its
`/api/` routes, and may expose `SCHEMAS`, shapes that it refers to (`#/components/schemas/…`); shared shapes and small
makers of descriptions stand in `streamsvc.web.openapi`. `prepare(app)`, where there is one, adds what the area needs
to the application: state, background rounds, an end. Handlers are private unless marked with
`streamsvc.web.authentication.public`.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol, cast

from aiohttp import web

_AREAS = (
    "system",
    "documentation",
    "tokens",
    "lessons",
    "progress",
    "playback",
    "demo",
    "uploads",
    "events",
    "media",
    "pages",
)


class HandlerModule(Protocol):
    @property
    def routes(self) -> Sequence[web.AbstractRouteDef]: ...
    @property
    def OPENAPI(self) -> Mapping[str, Any]: ...  # noqa: N802  # a constant of the module


def handler_modules() -> list[HandlerModule]:
    package = "streamsvc.web.handlers"
    names = [f"{package}.{area}" for area in _AREAS]
    return [cast(HandlerModule, import_module(name)) for name in names if find_spec(name)]


def add_routes(app: web.Application) -> None:
    """Add every area to the application."""
    for module in handler_modules():
        app.add_routes(module.routes)
        if prepare := getattr(module, "prepare", None):
            prepare(app)


def described_paths() -> dict[str, Any]:
    """The `paths` of our OpenAPI description."""
    return {path: item for module in handler_modules() for path, item in module.OPENAPI.items()}


def described_schemas() -> list[dict[str, Any]]:
    """The shapes that single modules add to the shared ones."""
    return [getattr(module, "SCHEMAS", {}) for module in handler_modules()]
