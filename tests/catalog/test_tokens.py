from datetime import timedelta

import pytest
from sqlalchemy import select

from catalog import tokens
from catalog.errors import SignInRefused, TokenRefused, TooManySignIns
from catalog.tokens import AccessToken, SignInFailure

WEEK = timedelta(days=7)


def fail(session, login="aigerim", *, address="10.0.0.1", now, times=1):
    for _ in range(times):
        attempt = tokens.begin_sign_in(session, login, address=address, now=now)
        with pytest.raises(SignInRefused):
            tokens.finish_sign_in(session, attempt, fits=False, lifetime=WEEK, now=now)


def succeed(session, login="aigerim", *, address="10.0.0.1", now):
    attempt = tokens.begin_sign_in(session, login, address=address, now=now)
    return tokens.finish_sign_in(session, attempt, fits=True, lifetime=WEEK, now=now)


def test_a_token_leads_to_its_person(session, add, now):
    person = add("aigerim")

    issued = succeed(session, now=now)

    assert issued.token.startswith("sabaq_")
    assert issued.expires_at == now + WEEK
    known = tokens.person_by_token(session, issued.token, now=now)
    assert (known.person.id, known.stale) == (person.id, False)


def test_the_token_itself_is_not_stored(session, add, now):
    """
    Whoever reads the database, or a backup of it, cannot sign in with what stands there.
    """
    add("aigerim")
    issued = succeed(session, now=now)

    row = session.scalars(select(AccessToken)).one()
    assert issued.token.encode() not in row.digest
    assert row.digest == tokens.digest(issued.token)


@pytest.mark.parametrize(
    "token", ["", "sabaq_", "sabaq_wrong", "x" * 10_000, "\ud800".encode("utf-8", "replace").decode()]
)
def test_an_unknown_token_is_refused(session, now, token):
    with pytest.raises(TokenRefused):
        tokens.person_by_token(session, token, now=now)


def test_an_expired_token_is_refused(session, add, now):
    add("aigerim")
    issued = succeed(session, now=now)

    with pytest.raises(TokenRefused):
        tokens.person_by_token(session, issued.token, now=now + WEEK)


def test_a_revoked_token_is_refused_and_others_stay(session, add, now):
    add("aigerim")
    first, second = succeed(session, now=now), succeed(session, now=now)

    tokens.revoke(session, first.token, now=now)

    with pytest.raises(TokenRefused):
        tokens.person_by_token(session, first.token, now=now)
    assert tokens.person_by_token(session, second.token, now=now)


def test_a_new_password_signs_out_everywhere(session, add, now):
    person = add("aigerim")
    issued = [succeed(session, now=now) for _ in range(2)]

    tokens.revoke_all(session, person.id, now=now)

    for one in issued:
        with pytest.raises(TokenRefused):
            tokens.person_by_token(session, one.token, now=now)


def test_an_inactive_person_cannot_sign_in_or_go_on(session, add, now):
    person = add("aigerim", password_hash="$argon2id$…")
    issued = succeed(session, now=now)
    person.active = False
    session.flush()

    with pytest.raises(TokenRefused):
        tokens.person_by_token(session, issued.token, now=now)
    attempt = tokens.begin_sign_in(session, "aigerim", address="10.0.0.1", now=now)
    assert (attempt.person_id, attempt.password_hash) == (None, "")


def test_an_unknown_login_looks_like_a_wrong_password(session, now):
    """
    Nobody learns from us which logins exist.
    """
    attempt = tokens.begin_sign_in(session, "nobody", address="10.0.0.1", now=now)

    with pytest.raises(SignInRefused):
        tokens.finish_sign_in(session, attempt, fits=True, lifetime=WEEK, now=now)


def test_the_sixth_attempt_has_to_wait(session, add, now):
    add("aigerim")
    fail(session, now=now, times=5)

    with pytest.raises(TooManySignIns) as refused:
        tokens.begin_sign_in(session, "aigerim", address="10.0.0.1", now=now)

    assert refused.value.params == {"retry_after_s": 30}
    assert succeed(session, now=now + timedelta(seconds=30))


def test_an_unknown_login_is_slowed_down_too(session, now):
    fail(session, "nobody", now=now, times=5)

    with pytest.raises(TooManySignIns):
        tokens.begin_sign_in(session, "nobody", address="10.0.0.1", now=now)


def test_attempts_count_before_their_password_is_looked_at(session, add, now):
    """
    A hundred guesses at once are a hundred attempts, not one.
    """
    add("aigerim")
    for _ in range(5):
        tokens.begin_sign_in(session, "aigerim", address="10.0.0.1", now=now)

    with pytest.raises(TooManySignIns):
        tokens.begin_sign_in(session, "aigerim", address="10.0.0.1", now=now)


def test_a_guesser_elsewhere_does_not_lock_the_teacher_out_at_once(session, add, now):
    add("aigerim")
    fail(session, address="203.0.113.9", now=now, times=5)

    assert succeed(session, address="10.0.0.1", now=now)


def test_guessing_from_many_addresses_is_slowed_down(session, add, now):
    add("aigerim")
    for number in range(30):
        fail(session, address=f"203.0.113.{number}", now=now)

    with pytest.raises(TooManySignIns):
        tokens.begin_sign_in(session, "aigerim", address="203.0.113.99", now=now)


def test_guessing_many_logins_from_one_address_is_slowed_down(session, now):
    for number in range(200):
        fail(session, f"login{number}", now=now)

    with pytest.raises(TooManySignIns):
        tokens.begin_sign_in(session, "another", address="10.0.0.1", now=now)


def test_success_forgets_the_typing_errors(session, add, now):
    add("aigerim")
    fail(session, now=now, times=4)
    succeed(session, now=now)

    fail(session, now=now, times=4)
    assert succeed(session, now=now)


def test_counters_do_not_keep_what_was_typed(session, now):
    """
    People type their password into the login field.
    """
    fail(session, "my secret password", now=now)

    for row in session.scalars(select(SignInFailure)):
        assert b"secret" not in row.key


def test_use_is_noted_once_an_hour(session, add, now):
    add("aigerim")
    issued = succeed(session, now=now)
    later = now + timedelta(hours=2)

    known = tokens.person_by_token(session, issued.token, now=later)
    assert known.stale
    tokens.touch(session, known.token_id, now=later)
    session.expire_all()
    assert not tokens.person_by_token(session, issued.token, now=later).stale


def test_old_tokens_and_counters_are_forgotten(session, add, now):
    add("aigerim")
    issued = succeed(session, now=now)
    fail(session, now=now)

    assert tokens.forget_old(session, now=now) == 0
    assert tokens.forget_old(session, now=now + timedelta(hours=1)) == 3
    assert tokens.forget_old(session, now=issued.expires_at + timedelta(days=31)) == 1
