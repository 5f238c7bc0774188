"""Composes an encoding worker from the settings."""

import logging
from collections.abc import Callable
from functools import partial

from celery import Celery

from cdn.stores import open_store
from streamsvc import queueing
from streamsvc.migrating import require_current_schema
from streamsvc.services import utc_now
from streamsvc.settings import Settings
from transcoder import worker
from transcoder.claims import Worker
from transcoder.database import Message, open_sessions
from transcoder.settling import WAKE_UP
from transcoder.station import Station
from transcoder.workspace import Workspace

log = logging.getLogger(__name__)


def run_worker(settings: Settings, *, slots: int) -> int:
    """Work until a signal asks to stop. Raises SchemaOutdated."""
    encoding = settings.transcoder
    check = open_sessions(settings.database_url)
    require_current_schema(check.engine)
    check.engine.dispose()
    app = queueing.celery_app(
        settings.broker_url, lease_s=encoding.lease_s, task_limit_s=encoding.task_limit_s, publishes_only=False
    )
    workspace = Workspace(encoding.workspace, encoding.reserve_bytes)
    workspace.sweep()

    def send_by(sender: Celery, messages: list[Message]) -> int:
        return queueing.send(sender, messages, expires_s=queueing.expires_s(encoding.lease_s))

    def open_station(named: Worker, stopping: Callable[[], bool]) -> Station:
        sender = queueing.celery_app(settings.broker_url, lease_s=encoding.lease_s)
        return Station(
            worker=named,
            sessions=open_sessions(settings.database_url),
            store=open_store(settings.storage_url),
            workspace=workspace,
            settings=encoding,
            now=utc_now,
            send=partial(send_by, sender),
            stopping=stopping,
        )

    return worker.run(
        app,
        open_station,
        slots=slots,
        task_limit_s=encoding.task_limit_s,
        ready=lambda: send_by(app, [Message(WAKE_UP)] * slots),
    )
