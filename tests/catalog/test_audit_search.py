"""Who may read what of the log, and in which order."""

import base64
import json
from datetime import timedelta
from uuid import UUID

import pytest

from catalog import audit_who
from catalog.audit_search import LogReach, Wanted, entry_json, exported, search
from catalog.errors import BadCursor
from tests.catalog.audit_log import AT, PUPIL, ROOT, SCHOOL, entries, fill

EVERYTHING = LogReach(everything=True)
HOUR = timedelta(hours=1)


def found(session, reach=EVERYTHING, *, limit=100, **wanted):
    return [entry.unit_path for entry in search(session, reach, Wanted(**wanted), limit=limit).entries]


@pytest.fixture
def log(session):
    for number, path in enumerate(["kz", "kz/almaty", SCHOOL, "kz/almaty2/x", "kz/astana", ""]):
        fill(session, 1, unit_path=path, at=AT + number * HOUR)
    return session


def test_nobody_reads_anything_unless_it_is_named(log):
    assert found(log, LogReach()) == []


def test_a_reach_is_a_unit_and_all_below_it(log):
    assert found(log, LogReach(("kz/almaty",))) == [SCHOOL, "kz/almaty"]
    assert found(log, LogReach((SCHOOL, "kz/astana"))) == ["kz/astana", SCHOOL]
    assert found(log, LogReach(("kz",))) == ["kz/astana", "kz/almaty2/x", SCHOOL, "kz/almaty", "kz"]


def test_what_concerns_no_unit_is_for_the_operator(log):
    assert "" not in found(log, LogReach(("kz",)))
    assert found(log)[0] == ""


def test_a_unit_that_is_asked_for_does_not_widen_the_reach(log):
    assert found(log, LogReach(("kz/almaty",)), unit_path="kz") == [SCHOOL, "kz/almaty"]
    assert found(log, LogReach(("kz/almaty",)), unit_path="kz/astana") == []


def test_a_time_begins_with_its_moment_and_ends_before_it(log):
    assert found(log, since=AT + HOUR, until=AT + 3 * HOUR) == [SCHOOL, "kz/almaty"]


def test_a_person_is_who_did_it_or_to_whom_it_was_done(session):
    fill(session, 1, who=audit_who.person(UUID(int=1), "aigerim"), subject_id=UUID(int=2), unit_path="kz/a")
    fill(session, 1, who=audit_who.person(UUID(int=2), "daniyar"), subject_id=UUID(int=3), unit_path="kz/b")
    fill(session, 1, unit_path="kz/c")

    assert found(session, person_id=UUID(int=2)) == ["kz/b", "kz/a"]


def test_an_action_is_one_of_the_closed_set(log):
    assert len(found(log, action="person.enabled")) == 6
    assert found(log, action="person.disabled") == []


def test_pages_leave_nothing_out_and_repeat_nothing(session):
    """
    Also among entries of one moment in several chains.
    """
    for number in range(7):
        fill(session, 3, unit_path=f"kz/{number}")
    fill(session, 4, at=AT + HOUR)
    seen, cursor = [], None
    while True:
        page = search(session, EVERYTHING, Wanted(), limit=4, cursor=cursor)
        seen += [(entry.at, entry.chain, entry.sequence) for entry in page.entries]
        cursor = page.next_cursor
        if cursor is None:
            break

    assert len(seen) == 25
    assert seen == sorted(set(seen), reverse=True)


def _cursor(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "ю",
        "",
        _cursor(7),
        _cursor(["2026-11-24", 1, 1]),
        _cursor(["2026-11-24T00:00:00+00:00", 2**40, 1]),
        _cursor(["2026-11-24T00:00:00+00:00", 1, 2**70]),
        _cursor(["2026-11-24T00:00:00+00:00", "x", 1]),
        _cursor([None, 1, 1]),
    ],
)
def test_a_cursor_that_we_did_not_make_is_refused(session, cursor):
    with pytest.raises(BadCursor):
        search(session, EVERYTHING, Wanted(), limit=4, cursor=cursor)


def test_an_export_has_all_that_a_digest_is_made_of(log):
    lines = [entry_json(entry) for entry in exported(log)]

    assert [(line["chain"], line["sequence"]) for line in lines] == [(row.chain, row.sequence) for row in entries(log)]
    (line,) = [entry_json(entry) for entry in exported(log, since=AT + 5 * HOUR)]
    assert line | {"digest": ""} == {
        "chain": 0,
        "sequence": 1,
        "encoding": 1,
        "at": "2026-11-24T13:00:00.000000+00:00",
        "actor_id": None,
        "actor_login": ROOT.login,
        "unit_path": "",
        "action": "person.enabled",
        "subject_kind": "person",
        "subject_id": str(PUPIL),
        "details": "{}",
        "address": "",
        "previous": "00" * 32,
        "digest": "",
    }
