"""The demo's three people, made once; their tokens are renewed before they grow too old."""

import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from catalog import organizations, passwords, people, tokens
from catalog.errors import TokenRefused
from streamsvc.demo.state import DemoAccount, DemoState
from transcoder.database import Sessions

SCHOOL = "kz/almaty/bostandyk/demo"
NAMES = {"teacher": "Әсел Серікова", "pupil": "Тимур Ахметов", "curator": "Гүлнар Оспанова"}
"""By role."""
LIFETIME = timedelta(days=7)
AT_LEAST = timedelta(hours=25)
"""What a token is still good for when the demo prints it: scripts count on a day."""


def drafted(state: DemoState) -> DemoState:
    """The state with a key, and a login and a password for each role; what is there already stays."""
    known = {account.role: account for account in state.accounts}
    return replace(
        state,
        key=state.key or secrets.token_urlsafe(24),
        accounts=tuple(known.get(role) or _draft(role) for role in NAMES),
    )


def _draft(role: str) -> DemoAccount:
    return DemoAccount(role, f"demo-{role}", secrets.token_urlsafe(9), "", datetime.fromtimestamp(0, UTC))


def ensure(sessions: Sessions, state: DemoState, *, now: datetime) -> DemoState:
    """Make the drafted people exist and their tokens good for more than a day."""
    with sessions.read.begin() as session:
        there = {person.login for person in people.all_people(session)}
    hashes = {
        account.login: passwords.make_hash(account.password) for account in state.accounts if account.login not in there
    }
    with sessions.write.begin() as session:
        for account in state.accounts:
            if account.login in hashes:
                _create(session, account, hashes[account.login], now=now)
        return replace(state, accounts=tuple(_renewed(session, account, now=now) for account in state.accounts))


def _create(session: Session, account: DemoAccount, password_hash: str, *, now: datetime) -> None:
    people.create_person(
        session,
        account.login,
        display_name=NAMES[account.role],
        role=account.role,
        unit=organizations.ensure_unit(session, SCHOOL, now=now),
        password_hash=password_hash,
        now=now,
    )


def _renewed(session: Session, account: DemoAccount, *, now: datetime) -> DemoAccount:
    """The same account when its token is good for long enough, else with a new token."""
    if account.expires_at - now >= AT_LEAST:
        try:
            tokens.person_by_token(session, account.token, now=now)
        except TokenRefused:
            pass  # revoked, or of a database that is gone
        else:
            return account
    person = people.person_by_login(session, account.login)
    issued = tokens.issue(session, person.id, lifetime=LIFETIME, now=now)
    return replace(account, token=issued.token, expires_at=issued.expires_at)
