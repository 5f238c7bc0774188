"""Several processes at one queue: nothing is locked out, nothing done twice, nothing forgotten."""

import multiprocessing
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from tests.functional.app_fixtures import create_schema
from tests.functional.worker_fixtures import now
from tests.transcoder.queue_fixtures import SHA256, plan_of
from transcoder import jobs
from transcoder.claims import Worker, claim, renew
from transcoder.database import Sessions, open_sessions
from transcoder.errors import EncodeCancelled
from transcoder.planning import adopt_plan, note_source
from transcoder.settling import fail, finish
from transcoder.tables import ChunkTask, TranscodeJob

pytestmark = pytest.mark.functional

PROCESSES = 4
JOBS = 6
context = multiprocessing.get_context("spawn")


def submit(sessions: Sessions) -> UUID:
    asset_id = uuid4()
    with sessions.write.begin() as session:
        jobs.submit(session, asset_id, [jobs.SourcePart(f"uploads/{asset_id}/0", 0, 9, SHA256)], now=now())
    return asset_id


def work(url: str, name: str, said) -> None:
    """Claim and settle until nothing is left; every third task fails once. Says what it did, or what went wrong."""
    sessions = open_sessions(url)
    done = []
    try:
        while one := _step(sessions, Worker(name, 2)):
            done.append(one)
    except BaseException as error:
        said.put((name, repr(error), done))
        raise
    said.put((name, None, done))


def _step(sessions: Sessions, worker: Worker) -> tuple[str, int] | None:
    with sessions.write.begin() as session:
        jobs.reconcile(session, now=now())
    with sessions.write.begin() as session:
        held = claim(session, worker, now=now(), lease_s=60)
    if held is None:
        return None
    try:
        with sessions.write.begin() as session:
            assert renew(session, held, now=now(), lease_s=60, progress=0.5)
        if held.kind == "probe":
            with sessions.write.begin() as session:
                note_source(session, held, SHA256, now=now())
        with sessions.write.begin() as session:
            if held.kind == "probe":
                adopt_plan(session, held, plan_of(120), now=now())
            elif held.chunk % 3 == 1 and held.attempts == 1:
                fail(session, held, "encode_failed", {}, now=now(), max_attempts=3)
            else:
                finish(session, held, (), now=now())
    except EncodeCancelled:
        return f"cancelled {held.task_id}", held.fence
    return str(held.task_id), held.fence


def run_all(url: str) -> list[tuple[str, int]]:
    said = context.Queue()
    processes = [context.Process(target=work, args=(url, f"host-{number}", said)) for number in range(PROCESSES)]
    for process in processes:
        process.start()
    answers = [said.get(timeout=120) for _ in processes]
    for process in processes:
        process.join()
    assert [answer[1] for answer in answers] == [None] * PROCESSES
    return [one for answer in answers for one in answer[2]]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_four_processes_do_every_task_once(database, request, tmp_path):
    url = f"sqlite:///{tmp_path}/queue.db" if database == "sqlite" else request.getfixturevalue("postgres_url")
    create_schema(url)
    sessions = open_sessions(url)
    assets = [submit(sessions) for _ in range(JOBS)]
    with sessions.write.begin() as session:
        jobs.cancel(session, assets[0], now())

    claims = run_all(url)

    assert len(claims) == len(set(claims))
    with sessions.read() as session:
        rows = session.execute(select(TranscodeJob.asset_id, ChunkTask).join(ChunkTask)).all()
    states = {(task.kind, task.state) for asset_id, task in rows if asset_id != assets[0]}
    assert states == {(kind, "done") for kind in ("probe", "video", "audio", "stills", "publish")}
    assert all(task.fence == task.attempts for _, task in rows)
    sessions.engine.dispose()


def write_much(url: str, said) -> None:
    """Read, then write: with a plain BEGIN most of these would fail at once."""
    sessions = open_sessions(url)
    failed = []
    for _ in range(100):
        try:
            asset_id = submit(sessions)
            with sessions.write.begin() as session:
                jobs.media_status(session, asset_id, now())
                jobs.cancel(session, asset_id, now())
        except BaseException as error:  # noqa: BLE001 - told to the test
            failed.append(repr(error))
    said.put(failed)


def test_four_processes_writing_sqlite_never_see_it_locked(tmp_path):
    url = f"sqlite:///{tmp_path}/queue.db"
    create_schema(url)
    said = context.Queue()
    processes = [context.Process(target=write_much, args=(url, said)) for _ in range(PROCESSES)]
    for process in processes:
        process.start()

    failed = [said.get(timeout=300) for _ in processes]

    for process in processes:
        process.join()
    assert failed == [[]] * PROCESSES
    with open_sessions(url).read() as session:
        assert session.query(TranscodeJob).filter_by(state="cancelled").count() == 100 * PROCESSES
