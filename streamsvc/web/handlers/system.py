"""Is the service alive, is it ready, and how does it fare."""

from aiohttp import web

from streamsvc.web.authentication import public
from streamsvc.web.requests import json_response, services

OPENAPI: dict[str, object] = {}


@public
async def healthz(request: web.Request) -> web.Response:
    """The process answers; says nothing of what it depends on."""
    return json_response({"status": "ok"})


@public
async def metrics(request: web.Request) -> web.Response:
    body, media_type = services(request).telemetry.page()
    return web.Response(body=body, headers={"Content-Type": media_type})


routes = [web.get("/healthz", healthz), web.get("/metrics", metrics)]
