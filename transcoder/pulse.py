"""The heartbeat of one task: keeps the lease, reports progress, learns that the task must stop."""

import logging
import threading
import time
from types import TracebackType

from sqlalchemy.exc import SQLAlchemyError

from transcoder.claims import Claim, renew
from transcoder.station import Station

log = logging.getLogger(__name__)

REPORT_EVERY_S = 1.0


class Pulse:
    """
    A context that beats in a thread while it is open.

    Each third of the lease it renews the claim; progress is written at most once a second, with the same statement.
    """

    def __init__(self, station: Station, held: Claim) -> None:
        self.station, self.held = station, held
        self.progress = 0.0
        """0..1, set by the task."""
        self.lost = False
        """Cancelled, or taken back after a silence: write nothing more."""
        self._started = self._renewed = time.monotonic()
        self._reported = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="pulse", daemon=True)

    def __enter__(self) -> "Pulse":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def overdue(self) -> bool:
        """It takes longer than any task may."""
        return time.monotonic() - self._started > self.station.settings.task_limit_s

    def cancelled(self) -> bool:
        """Whether the task must stop: asked several times a second while ffmpeg runs."""
        return self.lost or self.overdue or self.station.stopping()

    def _beat(self) -> None:
        third_s = self.station.settings.lease_s / 3
        while not self._ended.wait(min(REPORT_EVERY_S, third_s)) and not self.lost and not self.overdue:
            due = time.monotonic() - self._renewed >= third_s - REPORT_EVERY_S / 10
            if due or self.progress != self._reported:
                self._renew()

    def _renew(self) -> None:
        settings, station, progress = self.station.settings, self.station, self.progress
        try:
            kept = station.commit(renew, self.held, now=station.now(), lease_s=settings.lease_s, progress=progress)
        except SQLAlchemyError as error:
            log.warning("the lease of %s %s was not renewed: %s", self.held.kind, self.held.task_id, error)
            kept = time.monotonic() - self._renewed < settings.lease_s
        else:
            self._renewed, self._reported = time.monotonic(), progress
        self.lost = not kept
