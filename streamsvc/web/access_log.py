"""One JSON line per request, and its time in the metrics. No query, no token, no body ever reaches the log."""

import logging
import re
import time
from uuid import uuid4

from aiohttp import web
from aiohttp.typedefs import Handler

from streamsvc.web.requests import VIEWER, services

log = logging.getLogger("streamsvc.access")

CLIENT_LEFT = 499
"""nginx's status for a client that left before the answer; it stands in logs and is never sent."""

REQUEST_ID = web.RequestKey("request_id", str)
UNTIMED = web.RequestKey("untimed", bool)
"""
Set by a handler once the other side decides how long the request takes: a stream that somebody looks at, a file that
comes over a slow line. Such times would hide those that we are to blame for.
"""
_OUR_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
_SIGNED = re.compile(r"^/media/[^/]+")


@web.middleware
async def log_access(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an id (a proxy's, when it looks like one), answer, and write down how it went."""
    given = request.headers.get("X-Request-Id", "")
    request[REQUEST_ID] = given if _OUR_ID.fullmatch(given) else str(uuid4())
    began = time.perf_counter()
    status = CLIENT_LEFT
    try:
        response = await handler(request)
        status = response.status
        if not response.prepared:
            response.headers["X-Request-Id"] = request[REQUEST_ID]
        return response
    except web.HTTPException as redirect:
        status = redirect.status
        raise
    finally:
        _write(request, status=status, took_s=time.perf_counter() - began)


def route_name(request: web.Request) -> str:
    """The pattern of the address, so that metrics have as many labels as we have routes."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "none"


def path_to_log(path: str) -> str:
    """The path without the signed prefix of media addresses, which would let a reader of logs watch."""
    return _SIGNED.sub("/media/-", path)


def _write(request: web.Request, *, status: int, took_s: float) -> None:
    route = route_name(request)
    labels = (_method(request), route, str(status))
    services(request).telemetry.requests.labels(*labels).inc()
    if not request.get(UNTIMED, False):
        services(request).telemetry.request_durations.labels(*labels).observe(took_s)
    viewer = request.get(VIEWER)
    fields = {
        "request_id": request[REQUEST_ID],
        "method": _method(request),
        "path": path_to_log(request.path),
        "route": route,
        "status": status,
        "took_ms": round(took_s * 1000, 1),
        "remote": request.remote,
        "person_id": str(viewer.person_id) if viewer else None,
    }
    log.info("request", extra={"fields": fields})


def _method(request: web.Request) -> str:
    known = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
    return request.method if request.method in known else "other"
