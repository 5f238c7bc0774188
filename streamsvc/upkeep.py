"""The service's background rounds: the reconciler and the collectors. They outlive a database or store that is down."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass

from catalog import tokens
from cdn.errors import CdnError
from streamsvc import collecting
from streamsvc.errors import StreamsvcError
from streamsvc.services import Services
from transcoder import jobs

log = logging.getLogger(__name__)

HOUR_S = 3600.0
EXPIRE_EVERY_S = 300.0
PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True)
class Round:
    """Something done again and again."""

    name: str
    every_s: float
    do: Callable[[Services], Awaitable[None]]


async def reconcile(services: Services) -> None:
    """Heal what messages and workers lost, then send the wake-ups."""
    _, messages = await services.database.write(
        jobs.reconcile, now=services.now(), max_attempts=services.settings.transcoder.max_attempts
    )
    if messages:
        await asyncio.to_thread(services.send, messages)


async def forget_tokens(services: Services) -> None:
    """Remove tokens and sign-in counters that mean nothing any more."""
    await services.database.write(tokens.forget_old, now=services.now())


async def collect_objects(services: Services) -> None:
    """Delete old objects that no row names."""
    await collecting.collect_objects(services)


def rounds(services: Services) -> tuple[Round, ...]:
    lease_s = services.settings.transcoder.lease_s
    return (
        Round("reconcile", lease_s / 2, reconcile),
        Round("forget_tokens", HOUR_S, forget_tokens),
        Round("expire_uploads", EXPIRE_EVERY_S, collecting.expire_uploads),
        # Lists the whole store: as seldom as the age of what it looks for allows.
        Round("collect_objects", max(1.0, services.settings.collect_after_s / 4), collect_objects),
    )


@contextlib.asynccontextmanager
async def running(services: Services, all_rounds: Iterable[Round]) -> AsyncIterator[None]:
    """Do the rounds while the context is open; at its end a running round may finish, within PATIENCE_S."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(_repeat(services, item, stop), name=item.name) for item in all_rounds]
    try:
        yield
    finally:
        # Cancelled inside a transaction, a round would leave the database's driver in the middle of a word.
        stop.set()
        await asyncio.wait(tasks, timeout=PATIENCE_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _repeat(services: Services, item: Round, stop: asyncio.Event) -> None:
    while not stop.is_set():
        await run_once(services, item)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), item.every_s)


async def run_once(services: Services, item: Round) -> bool:
    """One round; whether it succeeded. What is out of reach now is tried again in the next."""
    try:
        await item.do(services)
    except (CdnError, StreamsvcError, OSError) as error:
        log.warning("upkeep %s failed: %s", item.name, error)
    except Exception:  # the last resort: a mistake of ours in one round must not end the healing of everything else
        log.exception("upkeep %s met a mistake of ours", item.name)
    else:
        return True
    services.telemetry.upkeep_failures.labels(item.name).inc()
    return False
