"""The Celery application, configured from a broker URL alone, and the one place that publishes wake-ups."""

import json
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from celery import Celery
from kombu.exceptions import KombuError, OperationalError
from kombu.transport import TRANSPORT_ALIASES
from kombu.transport import filesystem as kombu_filesystem

from transcoder.database import Message

QUEUE = "sabaq"
MAX_SEND_S = 1.0
MAX_QUEUED = 64
"""Wake-ups are all alike: more of them would only pile up while no worker runs."""


class FolderChannel(kombu_filesystem.Channel):
    """
    Kombu's broker in a folder, safe for several processes.

    The original writes a message where readers already see it: a worker that looks in that very moment takes half a
    message and ends. It writes a table of bindings in the same way, which we do not need, for there is one queue;
    and it moves messages through the machine's shared /tmp.
    """

    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override]  # kombu's own bases differ
        name = f"{time.time_ns():020d}-{uuid4()}.{queue}.msg"
        half = Path(self.processed_folder, name)
        try:
            # An operator may have deleted the folder to forget everything.
            for folder in (self.processed_folder, self.data_folder_in):
                Path(folder).mkdir(parents=True, exist_ok=True)
            half.write_text(json.dumps(payload), "utf-8")
            half.rename(Path(self.data_folder_in, name))
        except OSError as exc:
            raise OperationalError(f"no message can be left in {self.data_folder_in}: {exc}") from exc

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        for path in sorted(Path(self.data_folder_in).glob(f"*.{queue}.msg")):
            taken = Path(self.processed_folder, path.name)
            try:
                path.rename(taken)
            except FileNotFoundError:
                continue  # Another worker was quicker.
            body = taken.read_bytes()
            taken.unlink()
            return json.loads(body)
        raise Empty

    def _size(self, queue: str) -> int:
        return sum(1 for _ in Path(self.data_folder_in).glob(f"*.{queue}.msg"))

    def _queue_bind(self, *_: Any) -> None:
        """Nothing to write down."""

    def get_table(self, exchange: str) -> list[tuple[str, str, str]]:
        return [(exchange, "", exchange)]


class FolderTransport(kombu_filesystem.Transport):
    """
    Looks into the folder from the worker's event loop.

    For a transport that blocks, Celery takes a pool whose children share one pipe and its lock: kill -9 of an idle
    child, which holds that lock, would stop all others for ever. With an event loop every child has its own pipes.
    """

    Channel = FolderChannel
    implements = kombu_filesystem.Transport.implements.extend(asynchronous=True)
    _looking: Any = None

    def register_with_event_loop(self, connection: Any, loop: Any) -> None:
        if self._looking is not None:
            self._looking.cancel()
        self._looking = loop.call_repeatedly(FOLDER_LOOK_S, self._look, connection)

    def _look(self, connection: Any) -> None:
        with suppress(TimeoutError):
            while True:
                self.drain_events(connection, timeout=0)  # type: ignore[no-untyped-call]  # kombu has no types

    def close_connection(self, connection: Any) -> None:
        if self._looking is not None:
            self._looking.cancel()
        super().close_connection(connection)  # type: ignore[no-untyped-call]  # kombu has no types


FOLDER_LOOK_S = 0.05
"""Celery's default of a second would make twenty small tasks last nineteen seconds."""
FOLDER_SCHEME = "sabaq-folder"
TRANSPORT_ALIASES[FOLDER_SCHEME] = f"{__name__}:FolderTransport"


def broker_options(broker_url: str, *, task_limit_s: float, publishes_only: bool) -> dict[str, Any]:
    """Celery settings that belong to one kind of broker. Pure."""
    scheme, path = urlsplit(broker_url).scheme, unquote(urlsplit(broker_url).path)
    if scheme == "filesystem":
        # One folder both ways: what a producer puts out, a worker takes in.
        transport_options: dict[str, Any] = {
            "data_folder_in": f"{path}/messages",
            "data_folder_out": f"{path}/messages",
            "processed_folder": f"{path}/processed",
            "control_folder": f"{path}/control",
        }
        return {"broker_url": f"{FOLDER_SCHEME}://localhost//", "broker_transport_options": transport_options}
    once = {"max_retries": 0, "interval_start": 0, "interval_step": 0, "interval_max": 0} if publishes_only else {}
    if scheme in ("redis", "rediss", "unix"):
        patience = {"socket_timeout": MAX_SEND_S, "socket_connect_timeout": MAX_SEND_S} if publishes_only else {}
        # Longer than any task: Redis would hand a running task's wake-up out again. (That would be harmless.)
        visibility = {"visibility_timeout": 2 * task_limit_s}
        return {"broker_url": broker_url, "broker_transport_options": {**visibility, **patience, **once}}
    patience = {"read_timeout": MAX_SEND_S, "write_timeout": MAX_SEND_S} if publishes_only else {}
    return {
        "broker_url": broker_url,
        # Quorum queues survive the loss of a node; they need confirms, and no global QoS.
        "broker_transport_options": {"confirm_publish": True, **patience, **once},
        "task_default_queue_type": "quorum",
        "worker_detect_quorum_queues": True,
    }


def celery_app(
    broker_url: str, *, lease_s: float = 60.0, task_limit_s: float = 1800.0, publishes_only: bool = True
) -> Celery:
    """
    Build a Celery application: for a worker's main process with `publishes_only=False`, for all else as it is.

    Every message is a hint (the database is the truth), so it expires, carries ids only, and its result is ignored.
    Who only publishes waits a second for a broker and no longer; a worker waits for it as long as it takes.
    """
    app = Celery("sabaq", set_as_current=False)
    options = broker_options(broker_url, task_limit_s=task_limit_s, publishes_only=publishes_only)
    for name in ("data_folder_in", "processed_folder", "control_folder"):
        if name in options["broker_transport_options"]:
            Path(options["broker_transport_options"][name]).mkdir(parents=True, exist_ok=True)
    app.conf.update(
        # Acknowledged late so that a worker holds no more wake-ups than it has slots: one that waits behind a busy
        # worker would be missed by an idle one.
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        accept_content=["json"],
        task_serializer="json",
        result_serializer="json",
        task_ignore_result=True,
        task_default_queue=QUEUE,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=MAX_SEND_S if publishes_only else 4 * MAX_SEND_S,
        broker_pool_limit=4,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_enable_remote_control=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        event_queue_exclusive=False,
        **options,
    )
    return app


def expires_s(lease_s: float) -> float:
    """How long a wake-up is worth anything: by then the reconciler has sent others."""
    return max(60.0, 2 * lease_s)


def send(app: Celery, messages: Iterable[Message], *, expires_s: float) -> int:
    """
    Publish wake-ups without retry and return how many left. Called after the commit, never inside a transaction.

    What does not leave (a broker that is down) is no error: the reconciler sends it again. Nor is what finds more
    than enough wake-ups waiting.
    """
    waiting = list(messages)
    sent = 0
    try:
        with app.producer_pool.acquire(block=True, timeout=MAX_SEND_S) as producer:
            room = MAX_QUEUED - _queued(app, producer)
            for message in waiting[: max(0, room)]:
                app.send_task(message.task, args=list(message.args), expires=expires_s, retry=False, producer=producer)
                sent += 1
    except (KombuError, OSError, *app.connection_for_write().connection_errors):
        return sent
    return sent


def _queued(app: Celery, producer: Any) -> int:
    """Wake-ups that wait for a worker; the queue is made if it is not there."""
    app.amqp.queues[QUEUE](producer.channel).declare()
    try:
        return int(producer.channel.queue_declare(queue=QUEUE, passive=True).message_count)
    except producer.connection.channel_errors:
        return 0  # Redis forgets a queue with its last message.


def broker_answers(app: Celery) -> bool:
    """Whether the broker can be reached now; asks once, without retry."""
    try:
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=MAX_SEND_S)
    except (OperationalError, OSError):
        return False
    return True
