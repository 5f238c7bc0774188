"""Assets that must not be given out any more, as a server of bytes knows them."""

import logging
from collections.abc import Callable, Collection
from threading import Lock
from uuid import UUID

from cdn.errors import StoreUnavailable

log = logging.getLogger(__name__)

REFRESH_S = 30.0
"""A withdrawn asset stops within this time on every server of bytes."""

RETRY_S = 2.0
"""Pause after a refresh that failed."""


class Withdrawn:
    """
    A list that asks its provider again when it is older than 30 s; shared by all threads.

    While the provider fails, the last list serves on: a class goes on watching although the database is down.
    Without any list yet nothing is given out (StoreUnavailable).
    """

    def __init__(self, provider: Callable[[], Collection[UUID]], *, clock: Callable[[], float]) -> None:
        """`clock` counts seconds and never jumps; `provider` raises OSError or StoreUnavailable when it cannot say."""
        self._provider, self._clock = provider, clock
        self._assets: frozenset[UUID] | None = None
        self._asked_at = float("-inf")
        self._lock = Lock()

    def __contains__(self, asset_id: object) -> bool:
        if self._clock() - self._asked_at >= REFRESH_S:
            self._refresh()
        if self._assets is None:
            raise StoreUnavailable("the list of withdrawn assets is not known yet", reason="no list yet")
        return asset_id in self._assets

    def _refresh(self) -> None:
        # One thread asks; the others go on with the list of a moment ago, or wait when there is none.
        if not self._lock.acquire(blocking=self._assets is None):
            return
        try:
            if self._clock() - self._asked_at < REFRESH_S:
                return
            self._assets = frozenset(self._provider())
            self._asked_at = self._clock()
        except (OSError, StoreUnavailable):
            log.warning("the list of withdrawn assets could not be refreshed", exc_info=True)
            # Not at every request: a provider that hangs would hang all of them.
            self._asked_at = self._clock() - REFRESH_S + RETRY_S
        finally:
            self._lock.release()
