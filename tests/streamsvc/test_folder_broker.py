"""The broker that is a folder, and what differs between brokers."""

import json
import shutil
import threading
from queue import Empty

import pytest

from streamsvc import queueing
from streamsvc.queueing import FOLDER_LOOK_S, MAX_QUEUED, QUEUE, broker_options, celery_app, send
from transcoder.database import Message

WAKE_UP = Message("transcoder.work")


def options(url, *, publishes_only=True):
    return broker_options(url, task_limit_s=1800, publishes_only=publishes_only)


@pytest.fixture
def folder(tmp_path):
    """A channel of a connection to the broker in a folder."""
    app = celery_app(f"filesystem://{tmp_path}/broker")
    with app.connection_for_write() as connection:
        yield connection.default_channel


def messages(tmp_path):
    return sorted((tmp_path / "broker" / "messages").iterdir())


def test_a_folder_serves_both_ways():
    transport = options("filesystem:///srv/my%20var/broker")["broker_transport_options"]

    assert transport["data_folder_in"] == transport["data_folder_out"] == "/srv/my var/broker/messages"


def test_redis_does_not_hand_a_running_task_out_again():
    assert options("redis://broker/0")["broker_transport_options"]["visibility_timeout"] > 1800


@pytest.mark.parametrize("url", ["amqp://broker//", "redis://broker/0"])
def test_only_who_publishes_gives_up_on_a_broker(url):
    assert options(url)["broker_transport_options"]["max_retries"] == 0
    assert "max_retries" not in options(url, publishes_only=False)["broker_transport_options"]


def test_wake_ups_are_sent(tmp_path):
    app = celery_app(f"filesystem://{tmp_path}/broker")

    assert send(app, [WAKE_UP] * 3, expires_s=60) == 3

    headers = [json.loads(path.read_text())["headers"] for path in messages(tmp_path)]
    assert [header["task"] for header in headers] == ["transcoder.work"] * 3
    assert all(header["expires"] for header in headers)


def test_more_than_enough_wake_ups_are_not_sent(tmp_path):
    app = celery_app(f"filesystem://{tmp_path}/broker")

    for _ in range(5):
        send(app, [WAKE_UP] * 32, expires_s=60)

    assert len(messages(tmp_path)) == MAX_QUEUED


def test_a_folder_that_cannot_be_written_is_a_dead_broker(tmp_path):
    app = celery_app(f"filesystem://{tmp_path}/broker")
    (tmp_path / "broker" / "processed").rmdir()
    (tmp_path / "broker" / "processed").touch()

    assert send(app, [WAKE_UP], expires_s=60) == 0


def test_the_folder_may_be_deleted_at_any_time(tmp_path):
    app = celery_app(f"filesystem://{tmp_path}/broker")
    send(app, [WAKE_UP], expires_s=60)
    shutil.rmtree(tmp_path / "broker")

    assert send(app, [WAKE_UP], expires_s=60) == 1
    assert len(messages(tmp_path)) == 1


def test_messages_come_out_in_order(folder):
    for number in range(3):
        folder._put(QUEUE, {"number": number})

    assert [folder._get(QUEUE)["number"] for _ in range(3)] == [0, 1, 2]
    with pytest.raises(Empty):
        folder._get(QUEUE)


def test_a_message_is_never_seen_half_written(folder):
    """Kombu's own folder broker ends its worker here."""
    body = {"padding": "x" * 100_000}
    writers = [threading.Thread(target=lambda: [folder._put(QUEUE, body) for _ in range(50)]) for _ in range(4)]
    for writer in writers:
        writer.start()
    seen = 0
    while seen < 200:
        try:
            assert folder._get(QUEUE) == body
            seen += 1
        except Empty:
            assert any(writer.is_alive() for writer in writers) or folder._size(QUEUE)
    for writer in writers:
        writer.join()


def test_two_readers_never_take_the_same_message(folder):
    for number in range(100):
        folder._put(QUEUE, number)
    taken: list[int] = []

    def take() -> None:
        while folder._size(QUEUE):
            try:
                taken.append(folder._get(QUEUE))
            except Empty:
                return

    readers = [threading.Thread(target=take) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()

    assert sorted(taken) == list(range(100))


def test_the_transport_looks_from_the_event_loop():
    """
    A transport that blocks would get a pool whose children share a lock.
    """
    assert queueing.FolderTransport.implements.asynchronous
    assert FOLDER_LOOK_S < 0.1
