"""The Celery application, configured from a broker URL alone, and the one place that publishes wake-ups."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from celery import Celery
from kombu.exceptions import OperationalError

from transcoder.database import Message

MAX_SEND_S = 1.0


def broker_options(broker_url: str, *, lease_s: float) -> dict[str, Any]:
    """Celery settings that belong to one kind of broker."""
    scheme, path = urlsplit(broker_url).scheme, urlsplit(broker_url).path
    if scheme == "filesystem":
        # One folder both ways: what a producer puts out, a worker takes in. Polling once a second (the default)
        # would make twenty small tasks last nineteen seconds.
        messages, processed, control = f"{path}/messages", f"{path}/processed", f"{path}/control"
        return {
            "broker_url": "filesystem://",
            "broker_transport_options": {
                "data_folder_in": messages,
                "data_folder_out": messages,
                "processed_folder": processed,
                "control_folder": control,
                "store_processed": False,
                "polling_interval": 0.05,
            },
        }
    if scheme == "redis":
        # A wake-up is harmless twice and healed when lost, so the timeout needs to cover one task only.
        return {
            "broker_url": broker_url,
            "broker_transport_options": {"visibility_timeout": max(3600, 2 * lease_s)},
        }
    return {
        "broker_url": broker_url,
        # Quorum queues survive the loss of a node; they need confirms and no global QoS.
        "broker_transport_options": {"confirm_publish": True},
        "task_default_queue_type": "quorum",
        "worker_detect_quorum_queues": True,
    }


def celery_app(broker_url: str, *, lease_s: float = 60.0) -> Celery:
    """
    Build the Celery application of the service and its workers.

    Every message is a hint (the database is the truth), so it expires, carries ids only, and its result is ignored.
    """
    app = Celery("sabaq", set_as_current=False)
    options = broker_options(broker_url, lease_s=lease_s)
    if urlsplit(broker_url).scheme == "filesystem":
        for name in ("data_folder_in", "processed_folder", "control_folder"):
            Path(options["broker_transport_options"][name]).mkdir(parents=True, exist_ok=True)
    app.conf.update(
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        accept_content=["json"],
        task_serializer="json",
        result_serializer="json",
        task_ignore_result=True,
        task_default_queue="sabaq",
        broker_connection_retry_on_startup=True,
        broker_connection_timeout=MAX_SEND_S,
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        event_queue_exclusive=False,
        **options,
    )
    return app


def expires_s(lease_s: float) -> float:
    """How long a wake-up is worth delivering; a later one comes from the reconciler."""
    return max(60.0, 2 * lease_s)


def send(app: Celery, messages: Iterable[Message], *, expires_s: float) -> int:
    """
    Publish wake-ups without retry and return how many left. Called after the commit, never inside a transaction.

    What does not leave (a broker that is down) is no error: the reconciler sends it again.
    """
    sent = 0
    for message in messages:
        try:
            app.send_task(message.task, args=list(message.args), expires=expires_s, retry=False)
        except (OperationalError, OSError):
            break
        sent += 1
    return sent


def broker_answers(app: Celery) -> bool:
    """Whether the broker can be reached now; asks once, without retry."""
    try:
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=MAX_SEND_S)
    except (OperationalError, OSError):
        return False
    return True
