"""
Bytes for players: `cdn.delivery` on aiohttp, and the playlists of lessons that still grow, from the database.

The signed path is the only key. Cookies and bearer tokens are not looked at for the answer.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass
from functools import partial
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from aiohttp import web

from cdn import caching, delivery
from cdn.errors import BadKey, CdnError, ObjectMissing, StoreUnavailable
from cdn.hot import HotStore
from cdn.layout import PLAYLIST_TYPE, content_type
from cdn.withdrawn import Withdrawn
from streamsvc.errors import DatabaseUnavailable
from streamsvc.services import Services
from streamsvc.web.authentication import public
from streamsvc.web.errors import ROOTS, STATUS, problem
from streamsvc.web.remembering import GrowingPlaylists
from streamsvc.web.requests import SERVICES, services
from transcoder import jobs

log = logging.getLogger(__name__)

OPENAPI: dict[str, Any] = {}

THREADS = 32
"""Requests that may wait for the store at once; of their own, so that a slow store slows nothing else."""
LIST_LIMIT_S = 5.0
"""Of asking the database for withdrawn assets."""
P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Media:
    """What the handler needs besides the services; made while the application runs."""

    store: delivery.Readable
    withdrawn: Withdrawn
    pool: ThreadPoolExecutor
    growing: GrowingPlaylists

    async def run(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """What may wait for the store, off the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, partial(function, *args, **kwargs))


MEDIA = web.AppKey("media", Media)


async def media_context(app: web.Application) -> AsyncIterator[None]:
    """For `app.cleanup_ctx`: the threads live as long as the application runs."""
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="media")
    with_services, loop = app[SERVICES], asyncio.get_running_loop()
    withdrawn = Withdrawn(_provider(with_services, loop), clock=time.monotonic)
    app[MEDIA] = Media(_remembering(with_services), withdrawn, pool, GrowingPlaylists(with_services.database.read))
    yield
    # Whoever waits for a dead store must not hold up the end.
    pool.shutdown(wait=False, cancel_futures=True)


def _remembering(with_services: Services) -> delivery.Readable:
    """A class watches one lesson at one time: what one pupil asked for, the next ones get from memory."""
    max_bytes = with_services.settings.media_memory_bytes
    return HotStore(with_services.store, max_bytes=max_bytes) if max_bytes else with_services.store


def _provider(with_services: Services, loop: asyncio.AbstractEventLoop) -> Callable[[], set[UUID]]:
    """Asks on the event loop, for a thread that waits."""

    def withdrawn_assets() -> set[UUID]:
        asked = asyncio.run_coroutine_threadsafe(with_services.database.read(jobs.withdrawn_assets), loop)
        try:
            return asked.result(LIST_LIMIT_S)
        except (DatabaseUnavailable, NotInTime) as exc:
            asked.cancel()
            raise StoreUnavailable("the list of withdrawn assets cannot be read", reason=type(exc).__name__) from exc

    return withdrawn_assets


@public
async def media(request: web.Request) -> web.StreamResponse:
    """Any method on `/media/…`. Errors say themselves to players on other origins too."""
    try:
        answer = await _answer(request)
    except ROOTS as error:
        refusal = problem(request, STATUS[type(error)], error.code, error.params)
        refusal.headers.update(delivery.CORS)
        return refusal
    return await _send(request, answer)


async def _answer(request: web.Request) -> delivery.Answer:
    """The store first: what is published plays on although the database is down."""
    state, path = request.app[MEDIA], _path(request)
    try:
        return await state.run(
            delivery.answer,
            state.store,
            state.withdrawn,
            verifier=services(request).signer.verifier,
            path=path,
            method=request.method,
            headers=request.headers,
            now=services(request).now(),
        )
    except ObjectMissing:
        if content_type(path) != PLAYLIST_TYPE:
            raise
    return await _growing(request, path)


async def _growing(request: web.Request, path: str) -> delivery.Answer:
    """A playlist that is not in the store belongs to a job; it tells what exists now."""
    state, now = request.app[MEDIA], services(request).now()
    verifier = services(request).signer.verifier
    wanted = await state.run(delivery.permitted, path, verifier=verifier, withdrawn=state.withdrawn, now=now)
    written = await state.growing.get(wanted.asset_id, _job_id(wanted), wanted.name)
    # Zipping a long one takes a while too.
    return await state.run(
        delivery.playlist,
        written.body,
        etag=written.etag,
        modified_at=None,
        method=request.method,
        headers=request.headers,
        cache_control=caching.REVALIDATE,
    )


def _job_id(wanted: delivery.Wanted) -> UUID:
    if wanted.key.count("/") != 3:  # media / asset / job / name
        raise BadKey(wanted.key)
    return UUID(wanted.scope)


def _path(request: web.Request) -> str:
    """As it came over the wire; a query is nothing of ours, and caches are free to drop it."""
    return request.raw_path.partition("?")[0]


async def _send(request: web.Request, answer: delivery.Answer) -> web.StreamResponse:
    if isinstance(answer.body, bytes):
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body or None)
    streamed = web.StreamResponse(status=answer.status, headers=answer.headers)
    await streamed.prepare(request)
    await _pour(request, answer.body, streamed)
    return streamed


async def _pour(request: web.Request, pieces: Iterator[bytes], response: web.StreamResponse) -> None:
    """Piece by piece, never more than one in memory. A store that fails in the middle cuts the connection."""
    run = request.app[MEDIA].run
    try:
        while piece := await run(next, pieces, b""):
            await response.write(piece)
        await response.write_eof()
    except CdnError as error:
        # The status is sent already: only a broken connection tells the client that the rest is missing.
        log.warning("an answer breaks off: %s", error)
        if request.transport is not None:
            request.transport.abort()
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            request.app[MEDIA].pool.submit(close)


routes = [web.route("*", "/media/{rest:.*}", media)]
