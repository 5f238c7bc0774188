"""The same small journey on every broker and database, and brokers that are dead, deaf or forgetful."""

import time
from uuid import uuid4

import pytest
import redis

from streamsvc import queueing
from tests.functional import worker_fixtures
from tests.functional.fault_proxy import Fault, fault_proxy
from tests.functional.worker_fixtures import now, run_works
from transcoder import jobs
from transcoder.database import Message
from transcoder.settling import WAKE_UP

pytestmark = pytest.mark.functional
works, clips = worker_fixtures.works, worker_fixtures.clips

BROKERS = ("rabbitmq_url", "redis_url")
WAKE_UPS = [Message(WAKE_UP)] * 3


def journey(works, clips):
    asset_id = works.submit(clips(8))
    works.start_worker()
    works.wait_ready(asset_id)
    assert works.damaged(asset_id) == []


@pytest.mark.parametrize("broker", BROKERS)
def test_a_lesson_becomes_ready_on_a_broker(broker, request, tmp_path, clips):
    with run_works(tmp_path / "var", SABAQ_BROKER_URL=request.getfixturevalue(broker)) as works:
        journey(works, clips)


def test_a_lesson_becomes_ready_on_postgresql(postgres_url, tmp_path, clips):
    with run_works(tmp_path / "var", SABAQ_DATABASE_URL=postgres_url) as works:
        journey(works, clips)


def test_a_lesson_becomes_ready_on_postgresql_rabbitmq_and_s3(postgres_url, rabbitmq_url, seaweed, tmp_path, clips):
    """The cluster's parts together."""
    urls = {"SABAQ_DATABASE_URL": postgres_url, "SABAQ_BROKER_URL": rabbitmq_url, "SABAQ_STORAGE_URL": seaweed()}
    with run_works(tmp_path / "var", **urls) as works:
        journey(works, clips)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("url", ["amqp://guest:guest@127.0.0.1:1//", "redis://127.0.0.1:1/0"])
def test_a_dead_broker_costs_a_request_little(url):
    app = queueing.celery_app(url)

    assert queueing.send(app, WAKE_UPS, expires_s=60) == 0


@pytest.mark.timeout(60)
@pytest.mark.parametrize("broker", BROKERS)
def test_a_deaf_broker_costs_a_request_little(broker, request):
    """It takes the connection and never answers."""
    url = request.getfixturevalue(broker)
    host, port = "127.0.0.1", int(url.split(":")[-1].split("/")[0])
    with fault_proxy(port) as proxy:
        proxy.fault = Fault(silent=True)
        app = queueing.celery_app(url.replace(f"{host}:{port}", f"{host}:{proxy.port}"))

        assert queueing.send(app, WAKE_UPS, expires_s=60) == 0
        proxy.fault = Fault()
        assert queueing.send(app, WAKE_UPS, expires_s=60) == 3


@pytest.mark.parametrize("broker", [*BROKERS, None])
def test_wake_ups_do_not_pile_up_while_no_worker_runs(broker, request, tmp_path):
    url = request.getfixturevalue(broker) if broker else f"filesystem://{tmp_path}/broker"
    app = queueing.celery_app(url)

    sent = [queueing.send(app, [Message(WAKE_UP)] * 32, expires_s=60) for _ in range(10)]

    assert sum(sent) <= 2 * queueing.MAX_QUEUED


def test_what_was_submitted_while_the_broker_was_dead_is_healed(works, clips):
    asset_id = uuid4()
    with works.sessions.write.begin() as session:
        jobs.submit(session, asset_id, works.upload(asset_id, clips(8)), now=now())
    works.start_worker()
    with works.reconciling():
        works.wait_ready(asset_id)


def test_a_broker_that_forgets_everything_is_healed(redis_url, tmp_path, clips):
    with run_works(tmp_path / "var", SABAQ_BROKER_URL=redis_url) as works:
        works.start_worker()
        works.wait_for(lambda: "ready." in works.log(), "the worker is ready")
        asset_id = works.submit(clips(20))
        with works.reconciling(), redis.Redis.from_url(redis_url) as client:
            for _ in range(5):
                client.flushall()
                time.sleep(0.2)
            works.wait_ready(asset_id)
