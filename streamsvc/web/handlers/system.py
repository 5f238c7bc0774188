"""Is the service alive, is it ready, and how does it fare."""

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web
from sqlalchemy.orm import Session

from cdn.errors import CdnError
from streamsvc.errors import StreamsvcError
from streamsvc.migrating import is_current
from streamsvc.services import Services
from streamsvc.web.authentication import public
from streamsvc.web.measuring import measure
from streamsvc.web.requests import json_response, services

OPENAPI: dict[str, Any] = {}

CHECK_LIMIT_S = 3.0
KEEP_S = 2.0
"""How long an answer is good: whoever asks without a token cannot make us ask the store all day."""

Outcome = Literal["ok", "unavailable", "outdated"]


@dataclass(slots=True)
class Readiness:
    """The last answer; whoever asks while another asks waits for that answer."""

    checks: dict[str, Outcome] = field(default_factory=dict)
    found_at: float = float("-inf")
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def now(self, with_services: Services) -> dict[str, Outcome]:
        async with self.asking:
            if time.monotonic() - self.found_at > KEEP_S:
                self.checks = await _checks(with_services)
                self.found_at = time.monotonic()
        return self.checks


READINESS = web.AppKey("readiness", Readiness)


def prepare(app: web.Application) -> None:
    """Add what readiness remembers."""
    app[READINESS] = Readiness()


@public
async def healthz(_request: web.Request) -> web.Response:
    """The process answers; says nothing of what it depends on."""
    return json_response({"status": "ok"})


@public
async def readyz(request: web.Request) -> web.Response:
    """
    Whether requests would be served: database, schema and store. A broker that is down is told and not fatal.

    What exactly is wrong stands in the log, not here, because anybody may ask.
    """
    checks = await request.app[READINESS].now(services(request))
    ready = all(checks[name] == "ok" for name in ("database", "schema", "store"))
    answer = {"status": "ok" if ready else "unavailable", "checks": checks}
    return json_response(answer, status=200 if ready else 503)


async def _checks(with_services: Services) -> dict[str, Outcome]:
    database, store, broker = await asyncio.gather(
        _outcome(with_services.database.read(_schema_is_current)),
        _outcome(asyncio.to_thread(with_services.store.check)),
        _outcome(asyncio.to_thread(with_services.broker_answers)),
    )
    outdated = database is False
    return {
        "database": "unavailable" if database is None else "ok",
        "schema": "outdated" if outdated else "unavailable" if database is None else "ok",
        "store": "unavailable" if store is None else "ok",
        "broker": "ok" if broker else "unavailable",
    }


async def _outcome(check: Awaitable[bool | None]) -> bool | None:
    """The check's answer (True for one that has nothing to say), None when it could not be asked."""
    try:
        answer = await asyncio.wait_for(check, CHECK_LIMIT_S)
    except (CdnError, StreamsvcError, TimeoutError):
        return None
    return True if answer is None else answer


def _schema_is_current(session: Session) -> bool:
    return is_current(session.connection())


@public
async def metrics(request: web.Request) -> web.Response:
    with_services = services(request)
    await measure(with_services)
    body, media_type = with_services.telemetry.page()
    return web.Response(body=body, headers={"Content-Type": media_type})


routes = [web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)]
