"""Following media live: one question per beat, whoever looks."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from uuid import uuid4

from streamsvc.errors import DatabaseUnavailable
from streamsvc.web.following import Hub
from transcoder.status import UNKNOWN

BEAT_S = 0.001


class Truth:
    """What the database would say, and how often it was asked."""

    def __init__(self, **statuses):
        self.statuses = statuses
        self.asked = []
        self.down = False

    async def read(self, asset_ids):
        self.asked.append(asset_ids)
        if self.down:
            raise DatabaseUnavailable("down")
        return {key: status for key, status in self.statuses.items() if key in asset_ids}

    async def asked_again(self):
        """Let at least three more beats pass."""
        enough = len(self.asked) + 3
        async with asyncio.timeout(10):
            while len(self.asked) < enough:
                await asyncio.sleep(BEAT_S)


def truth_of(*assets):
    found = Truth()
    found.statuses = dict.fromkeys(assets, UNKNOWN)
    return found


async def test_thirty_viewers_of_two_lessons_are_one_question():
    """
    The cost of a beat does not grow with the people who look.
    """
    first, second = uuid4(), uuid4()
    truth = truth_of(first, second)
    hub = Hub(truth.read, every_s=3600)

    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(hub.follow(asset)) for asset in [first, second] * 15]
        assert all([await follower.wait(at_most_s=10) for follower in opened])

    assert truth.asked == [frozenset({first, second})]
    await hub.close()


async def test_only_changes_are_told():
    asset = uuid4()
    truth = truth_of(asset)
    hub = Hub(truth.read, every_s=BEAT_S)

    async with hub.follow(asset) as follower:
        assert await follower.wait(at_most_s=10)
        await truth.asked_again()
        assert not follower.changed.is_set()
        truth.statuses[asset] = replace(UNKNOWN, state="encoding")
        assert await follower.wait(at_most_s=10)
        assert follower.newest == replace(UNKNOWN, state="encoding")
    await hub.close()


async def test_what_is_gone_ends():
    asset = uuid4()
    truth = truth_of(asset)
    hub = Hub(truth.read, every_s=BEAT_S)

    async with hub.follow(asset) as follower:
        await follower.wait(at_most_s=10)
        del truth.statuses[asset]
        assert await follower.wait(at_most_s=10)
        assert follower.ended
    await hub.close()


async def test_a_database_that_is_down_for_a_while_ends_nothing():
    asset = uuid4()
    truth = truth_of(asset)
    truth.down = True
    hub = Hub(truth.read, every_s=BEAT_S)

    async with hub.follow(asset) as follower:
        await truth.asked_again()
        assert not follower.changed.is_set()
        truth.down = False
        assert await follower.wait(at_most_s=10)
        assert not follower.ended
    await hub.close()


async def test_a_mistake_of_ours_ends_every_stream_and_the_next_one_begins_anew(caplog):
    """
    Who looks comes again by itself; a stream without a beat behind it would only look alive.
    """
    asset = uuid4()
    truth = truth_of(asset)
    read, truth.read = truth.read, _mistaken
    hub = Hub(lambda asked: truth.read(asked), every_s=BEAT_S)

    async with hub.follow(asset) as follower, hub.follow(uuid4()) as other:
        assert await follower.wait(at_most_s=10)
        assert await other.wait(at_most_s=10)
        assert (follower.ended, other.ended) == (True, True)
        await asyncio.sleep(0)
    [record] = caplog.records
    assert (record.levelname, record.exc_info[0]) == ("ERROR", KeyError)

    truth.read = read
    async with hub.follow(asset) as follower:
        assert await follower.wait(at_most_s=10)
        assert follower.newest == UNKNOWN
    await hub.close()


async def _mistaken(asset_ids):
    raise KeyError("a mistake")


async def test_nobody_looks_and_nothing_is_asked():
    asset = uuid4()
    truth = truth_of(asset)
    hub = Hub(truth.read, every_s=BEAT_S)
    async with hub.follow(asset) as follower:
        await follower.wait(at_most_s=10)
    await asyncio.wait_for(hub._task, 10)

    async with hub.follow(asset) as follower:
        assert await follower.wait(at_most_s=10)
    await hub.close()


async def test_closing_ends_every_stream():
    hub = Hub(truth_of().read, every_s=3600)
    async with hub.follow(uuid4()) as follower:
        await hub.close()
        assert follower.ended
