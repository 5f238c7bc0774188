"""Passwords are compared by few, and whoever comes when too many wait is sent away politely."""

import asyncio
import threading

import pytest

from catalog import passwords
from catalog.errors import TooManySignIns
from streamsvc.web.comparing import COMPARE_AT_ONCE, MOST_WAITING, Comparing


async def test_a_flood_takes_two_threads_and_has_an_end(monkeypatch):
    """
    Each comparison takes 64 MiB; what other requests need stays free.
    """
    go, running, most = threading.Event(), [], []

    def slow(_hash, _password):
        running.append(1)
        most.append(len(running))
        go.wait(30)
        running.pop()
        return True

    monkeypatch.setattr(passwords, "fits", slow)
    compare = Comparing()
    waiting = [asyncio.create_task(compare.run("h", "p")) for _ in range(MOST_WAITING)]
    await asyncio.sleep(0)

    with pytest.raises(TooManySignIns) as refused:
        await compare.run("h", "p")
    assert refused.value.params == {"retry_after_s": 10}

    go.set()
    assert all(await asyncio.gather(*waiting))
    assert max(most) <= COMPARE_AT_ONCE
    assert await compare.run("h", "p")
    compare.close()
