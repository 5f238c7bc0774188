"""The broker by URL alone, and wake-ups that may get lost."""

import pytest

from streamsvc.queueing import broker_answers, celery_app, expires_s, send
from transcoder.database import Message

WORK = Message("transcoder.work")
NOWHERE = "redis://127.0.0.1:1/0"


def test_a_folder_is_a_broker(tmp_path):
    """
    One folder both ways.
    """
    options = celery_app(f"filesystem://{tmp_path}").conf.broker_transport_options

    assert options["data_folder_in"] == options["data_folder_out"] == f"{tmp_path}/messages"


def test_rabbitmq_keeps_messages_in_quorum_queues():
    conf = celery_app("amqp://sabaq@broker//").conf

    assert conf.task_default_queue_type == "quorum"
    assert conf.broker_transport_options["confirm_publish"]


@pytest.mark.parametrize("broker_url", ["filesystem://{var}", "amqp://sabaq@broker//", NOWHERE])
def test_messages_are_hints_in_json(tmp_path, broker_url):
    """
    Whoever can write to the broker must not run code in our workers.
    """
    conf = celery_app(broker_url.format(var=tmp_path)).conf

    assert conf.accept_content == ["json"]
    assert (conf.task_serializer, conf.result_serializer) == ("json", "json")
    assert (conf.task_acks_late, conf.task_reject_on_worker_lost, conf.task_ignore_result) == (True, True, True)
    assert conf.worker_prefetch_multiplier == 1


def test_what_a_folder_takes_lies_there(tmp_path):
    app = celery_app(f"filesystem://{tmp_path}")

    assert send(app, [WORK, WORK], expires_s=60) == 2
    assert len(list((tmp_path / "messages").iterdir())) == 2
    assert broker_answers(app)


def test_a_broker_that_is_gone_is_no_error():
    """
    The row is the work; the reconciler sends another hint.
    """
    app = celery_app(NOWHERE)

    assert send(app, [WORK, WORK], expires_s=60) == 0
    assert not broker_answers(app)


@pytest.mark.parametrize(("lease_s", "life_s"), [(2, 60), (30, 60), (60, 120)])
def test_a_late_wake_up_is_dropped(lease_s, life_s):
    assert expires_s(lease_s) == life_s
