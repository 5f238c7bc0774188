"""Room is reserved before a byte is sent, and however many ask at once, never more than there is."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from catalog.people import Person
from streamsvc.uploads import quotas
from tests.functional.app_fixtures import ServedApp, run_app
from tests.functional.tus_fixtures import Tus, code, row

pytestmark = pytest.mark.functional

LIMITS = {"SABAQ_PERSON_QUOTA_BYTES": "10000", "SABAQ_SCHOOL_QUOTA_BYTES": "15000"}


@pytest.fixture(params=["sqlite", "postgresql"])
def app(request: pytest.FixtureRequest, tmp_path: Path):
    more = dict(LIMITS)
    if request.param == "postgresql":
        more["SABAQ_DATABASE_URL"] = request.getfixturevalue("postgres_url")
    with run_app(tmp_path / "var", **more) as served:
        yield served


def reserved(app: ServedApp, login: str = "teacher") -> tuple[int, int]:
    """Of the person and of the school."""
    person_id = app.accounts[login].person_id
    with app.sessions.read() as session:
        person = session.get(Person, person_id)
        assert person is not None
        return quotas.reserved(session, person_id), quotas.reserved(session, person.unit_id)


def test_fifty_at_once_never_pass_the_quota(app: ServedApp):
    kinds = ["partial", ""] * 25

    def create(kind: str) -> tuple[int, str]:
        answer = Tus(app).create(900, **({"upload_concat": kind} if kind else {}))
        return answer.status, code(answer) if answer.status != 201 else ""

    with ThreadPoolExecutor(50) as pool:
        answers = Counter(pool.map(create, kinds))

    assert answers == {(201, ""): 11, (413, "quota_person_exceeded"): 39}
    assert reserved(app) == (9900, 9900)


def test_a_schools_room_is_shared(app: ServedApp):
    teacher, curator, elsewhere = Tus(app), Tus(app, "curator"), Tus(app, "other_teacher")

    assert teacher.create(10_000).status == 201
    refused = curator.create(5_001)

    assert (refused.status, code(refused)) == (413, "quota_school_exceeded")
    assert reserved(app, "curator") == (0, 10_000)
    assert curator.create(5_000).status == 201
    assert elsewhere.create(10_000).status == 201


def test_room_comes_back_and_can_be_used_again(app: ServedApp):
    tus = Tus(app)
    for _ in range(3):
        url = tus.created(10_000)
        assert tus.create(1).status == 413
        assert tus.ask("DELETE", url).status == 204
    lesson = tus.create(10_000, b"x" * 10_000).headers["content-location"]
    assert tus.create(1).status == 413

    assert app.request("DELETE", lesson).status == 204
    assert reserved(app) == (0, 0)


def test_partials_and_their_final_count_once(app: ServedApp):
    tus = Tus(app)
    final = tus.final(tus.partial(b"x" * 6_000), tus.partial(b"y" * 4_000))

    assert final.status == 201
    assert reserved(app) == (10_000, 10_000)
    assert row(app, final.headers["location"]).reserved_bytes == 10_000
    assert app.request("DELETE", final.headers["content-location"]).status == 204
    assert reserved(app) == (0, 0)


def test_many_finals_over_the_same_partials_make_one_lesson(app: ServedApp):
    tus = Tus(app)
    partials = [tus.partial(bytes([number]) * 100) for number in range(4)]

    with ThreadPoolExecutor(10) as pool:
        same = list(pool.map(lambda _: tus.final(*partials), range(10)))

    assert {answer.status for answer in same} == {201}
    assert len({answer.headers["location"] for answer in same}) == 1
    assert reserved(app) == (400, 400)


def test_terminating_and_expiring_at_once_gives_room_back_once(app: ServedApp):
    tus = Tus(app)
    urls = [tus.created(100) for _ in range(10)]

    with ThreadPoolExecutor(20) as pool:
        answers = Counter(answer.status for answer in pool.map(lambda url: tus.ask("DELETE", url), urls * 2))

    assert answers == {204: 10, 410: 10}
    assert reserved(app) == (0, 0)


def test_bytes_flow_and_complete(app: ServedApp):
    """
    The same path on both databases.
    """
    tus = Tus(app)
    created = tus.create(9_000)
    url = created.headers["location"]

    assert tus.patch(url, b"a" * 5_000).headers["upload-offset"] == "5000"
    assert tus.patch(url, b"b" * 4_000, 5_000).status == 204
    assert row(app, url).state == "complete"
