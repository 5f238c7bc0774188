"""The service's background rounds: the reconciler and the collector. They outlive a database or store that is down."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from cdn.errors import CdnError
from streamsvc.errors import StreamsvcError
from streamsvc.services import Services

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Round:
    """Something done again and again."""

    name: str
    every_s: float
    do: Callable[[Services], Awaitable[None]]


def rounds(services: Services) -> tuple[Round, ...]:
    return ()


@contextlib.asynccontextmanager
async def upkeep(services: Services) -> AsyncIterator[None]:
    """Run all rounds while the context is open."""
    tasks = [asyncio.create_task(_repeat(services, item), name=item.name) for item in rounds(services)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _repeat(services: Services, item: Round) -> None:
    while True:
        await run_once(services, item)
        await asyncio.sleep(item.every_s)


async def run_once(services: Services, item: Round) -> bool:
    """One round. What is out of reach now is tried again in the next; a mistake of ours ends the loop loudly."""
    try:
        await item.do(services)
    except (SQLAlchemyError, CdnError, StreamsvcError, OSError) as error:
        services.telemetry.upkeep_failures.labels(item.name).inc()
        log.warning("upkeep %s failed: %s", item.name, error)
        return False
    return True
