"""The only place that assembles the web application."""

from collections.abc import AsyncIterator, Mapping
from uuid import UUID

from aiohttp import web
from sqlalchemy.orm import Session

from catalog import lessons
from streamsvc.services import Services, open_services
from streamsvc.settings import Settings
from streamsvc.upkeep import rounds, running
from streamsvc.web.access_log import log_access
from streamsvc.web.authentication import authenticate
from streamsvc.web.errors import answer_errors
from streamsvc.web.following import Hub
from streamsvc.web.handlers.media import media_context
from streamsvc.web.handlers.pages import answer_pages
from streamsvc.web.handlers.progress import HUB
from streamsvc.web.requests import SERVICES
from streamsvc.web.routes import add_routes
from streamsvc.web.security import add_security_headers
from transcoder import jobs
from transcoder.status import MediaStatus

JSON_LIMIT_BYTES = 1024 * 1024
"""Of a body that is read at once; uploads are streamed and have limits of their own."""


def build_app(settings: Settings) -> web.Application:
    """Compose the service. Nothing is connected or started before the application starts up."""
    services = open_services(settings)
    app = web.Application(
        middlewares=[log_access, answer_errors, answer_pages, authenticate], client_max_size=JSON_LIMIT_BYTES
    )
    app[SERVICES] = services
    app[HUB] = _hub(services)
    app.on_response_prepare.append(add_security_headers)
    # Streams would otherwise hold up a service that is asked to stop.
    app.on_shutdown.append(_end_streams)
    app.cleanup_ctx.extend((_database, _upkeep, media_context))
    add_routes(app)
    return app


def _hub(services: Services) -> Hub:
    async def read(asset_ids: frozenset[UUID]) -> Mapping[UUID, MediaStatus]:
        return await services.database.read(_statuses, asset_ids, services)

    return Hub(read)


def _statuses(session: Session, asset_ids: frozenset[UUID], services: Services) -> Mapping[UUID, MediaStatus]:
    """Of the assets whose lessons still exist."""
    return jobs.media_statuses(session, lessons.living(session, asset_ids), services.now())


async def _end_streams(app: web.Application) -> None:
    await app[HUB].close()


async def _database(app: web.Application) -> AsyncIterator[None]:
    yield
    await app[SERVICES].database.close()


async def _upkeep(app: web.Application) -> AsyncIterator[None]:
    async with running(app[SERVICES], rounds(app[SERVICES])):
        yield


async def start(app: web.Application, *, host: str, port: int) -> web.AppRunner:
    """
    Listen. The caller stops it with `await runner.cleanup()`, which lets running requests end first.

    Bodies are handed over as they were sent: a few bytes of gzip could otherwise become gigabytes.
    """
    runner = web.AppRunner(app, access_log=None, auto_decompress=False, shutdown_timeout=10.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError:
        await runner.cleanup()
        raise
    return runner
