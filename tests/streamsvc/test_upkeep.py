"""Background rounds go on, whatever one of them meets."""

import asyncio

import pytest

from catalog.errors import CatalogError
from cdn.errors import StoreUnavailable
from streamsvc.errors import DatabaseUnavailable
from streamsvc.telemetry import Telemetry
from streamsvc.upkeep import Round, run_once, running


class Services:
    """As much of the services as a round needs."""

    def __init__(self):
        self.telemetry = Telemetry()


def failures(services, name):
    return services.telemetry.registry.get_sample_value("sabaq_upkeep_failures_total", {"task": name})


@pytest.mark.parametrize(
    "error", [DatabaseUnavailable("x"), StoreUnavailable("x"), OSError("x"), KeyError("ours"), CatalogError("x")]
)
async def test_a_round_that_fails_is_counted_and_does_not_end_the_loop(error):
    """
    A dead database, store or broker, and a mistake of ours alike: the reconciler must not stay away.
    """
    services, seen = Services(), asyncio.Event()
    calls = []

    async def do(_):
        calls.append(1)
        if len(calls) == 3:
            seen.set()
        raise error

    async with running(services, (Round("heal", 0.001, do),)):
        await asyncio.wait_for(seen.wait(), 10)

    assert failures(services, "heal") >= 2


async def test_a_round_that_succeeds_is_not_counted():
    services = Services()

    async def do(_):
        return None

    assert await run_once(services, Round("heal", 1, do))
    assert failures(services, "heal") is None


async def test_rounds_end_with_their_context():
    services, began, ended = Services(), asyncio.Event(), asyncio.Event()

    async def do(_):
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with running(services, (Round("long", 1, do),)):
        await asyncio.wait_for(began.wait(), 10)

    assert ended.is_set()
