"""Each outcome of a sign-in leaves its entry, and nothing of what was typed."""

from datetime import timedelta

import pytest

from catalog import audit_who, sign_ins, tokens
from catalog.errors import SignInRefused, TooManySignIns
from tests.catalog.audit_log import entries

WEEK = timedelta(days=7)
ADDRESS = "192.0.2.77"
REFUSED = SignInRefused("no")
WAIT = TooManySignIns("wait", retry_after_s=30)


def sign_in(session, login="aigerim", *, fits=True, now):
    attempt = tokens.begin_sign_in(session, login, address=ADDRESS, now=now)
    issued = sign_ins.finish(session, attempt, fits=fits, lifetime=WEEK, address=ADDRESS, now=now)
    session.commit()
    return issued


def refuse(session, login, error=REFUSED, *, address=ADDRESS, now):
    sign_ins.refused(session, login, error=error, address=address, now=now)
    session.commit()


def test_a_good_one_names_the_person(session, add, school, now):
    person = add("aigerim")

    sign_in(session, now=now)

    (entry,) = entries(session)
    assert (entry.action, entry.subject_id, entry.unit_path) == ("sign_in.good", person.id, school.path)
    assert (entry.actor_id, entry.actor_login, entry.address) == (person.id, "aigerim", "192.0.2.0/24")


def test_one_that_does_not_fit_is_not_good(session, add, now):
    add("aigerim")

    with pytest.raises(SignInRefused):
        sign_in(session, fits=False, now=now)
    session.commit()

    assert entries(session) == []


def test_a_refused_one_names_whose_login_it_was_and_no_doer(session, add, school, now):
    person = add("aigerim")

    refuse(session, "aigerim", now=now)

    (entry,) = entries(session)
    assert (entry.action, entry.subject_id, entry.unit_path) == ("sign_in.refused", person.id, school.path)
    assert (entry.actor_id, entry.actor_login, entry.address) == (None, "", "192.0.2.0/24")


def test_an_unknown_login_is_not_kept(session, now):
    """
    People type their password into the login field.
    """
    refuse(session, "my secret password", now=now)
    refuse(session, "my secret password", WAIT, now=now)

    assert [(entry.subject_id, entry.unit_path) for entry in entries(session)] == [(None, "")] * 2
    assert "secret" not in str([vars(entry) for entry in entries(session)])


def test_the_first_that_has_to_wait_stands_for_the_others(session, add, now):
    """
    The log keeps everything: who knocks a thousand times a second must not fill it.
    """
    add("aigerim")
    for second in range(100):
        refuse(session, "aigerim", WAIT, now=now + timedelta(seconds=second))

    (entry,) = entries(session)
    assert (entry.action, entry.details) == ("sign_in.throttled", '{"retry_after_s":30}')


def test_another_network_person_or_hour_is_noted_anew(session, add, now):
    add("aigerim")
    add("daniyar")
    refuse(session, "aigerim", WAIT, now=now)
    refuse(session, "daniyar", WAIT, now=now)
    refuse(session, "aigerim", WAIT, address="203.0.113.9", now=now)
    refuse(session, "aigerim", WAIT, now=now + timedelta(hours=1))

    assert len(entries(session)) == 4


def test_signing_out_is_noted_once(session, add, school, now):
    person = add("aigerim")
    issued = sign_in(session, now=now)
    who = audit_who.person(person.id, "aigerim", address=ADDRESS)
    for _ in range(2):
        sign_ins.end(session, issued.token, who=who, unit_path=school.path, now=now)
        session.commit()

    assert [entry.action for entry in entries(session)] == ["sign_in.good", "sign_out"]
