"""Comparing passwords without letting a flood of sign-ins take the whole service."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

from aiohttp import web

from catalog import passwords
from catalog.errors import TooManySignIns

COMPARE_AT_ONCE = 2
MOST_WAITING = 200


class Comparing:
    """
    Compares passwords in two threads of its own.

    Each comparison takes 64 MiB and a tenth of a second: a flood of sign-ins must take neither all memory nor the
    threads that others wait for. A class that signs in together waits for some seconds.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(COMPARE_AT_ONCE, thread_name_prefix="passwords")
        self._waiting = 0
        # Made now, not at the first unknown login, which would take visibly longer than others.
        self._pool.submit(passwords.decoy)

    async def run(self, password_hash: str, password: str) -> bool:
        """Whether the password made this hash. Raises TooManySignIns when too many wait already."""
        if self._waiting >= MOST_WAITING:
            raise TooManySignIns("too many people sign in at this moment", retry_after_s=10)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, passwords.fits, password_hash, password)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


COMPARING = web.AppKey("comparing", Comparing)


async def comparing(app: web.Application) -> AsyncIterator[None]:
    """For `app.cleanup_ctx`."""
    compare = app[COMPARING] = Comparing()
    yield
    compare.close()
