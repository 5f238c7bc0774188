"""The demo's way in: one link that signs its opener in as the demo pupil. Exists on loopback only."""

import hmac
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from aiohttp import web

from streamsvc.demo import state
from streamsvc.errors import DemoLinkRefused
from streamsvc.settings import Settings
from streamsvc.web.addresses import is_loopback
from streamsvc.web.authentication import public, set_cookie
from streamsvc.web.requests import services

OPENAPI: dict[str, Any] = {}


@public
async def enter(request: web.Request) -> web.Response:
    """Set the pupil's cookie and go to the lesson, if the link's key is the demo's. Raises DemoLinkRefused."""
    settings = services(request).settings
    if not _offered(request, settings):
        raise DemoLinkRefused("this is no demo, or it was not asked from this machine")
    demo = state.load(settings.secrets)
    given = request.query.get("key", "")
    if not demo.key or not hmac.compare_digest(given.encode(), demo.key.encode()):
        raise DemoLinkRefused("the key is not the demo's")
    pupil = demo.account("pupil")
    response = web.Response(status=303, headers={"Location": _goal(request), "Cache-Control": "no-store"})
    set_cookie(response, pupil.token, max_age_s=settings.token_lifetime_s)
    return response


def _offered(request: web.Request, settings: Settings) -> bool:
    """Only where the demo was asked for, from this machine, under a name of this machine (no DNS rebinding)."""
    asked = urlsplit(f"//{request.host}").hostname or ""
    return settings.demo and is_loopback(request.remote or "") and is_loopback(asked)


def _goal(request: web.Request) -> str:
    lesson = request.query.get("lesson", "")
    try:
        return f"/lessons/{UUID(lesson)}" if lesson else "/"
    except ValueError as exc:
        raise web.HTTPNotFound from exc


routes = [web.get("/demo/enter", enter, allow_head=False)]
