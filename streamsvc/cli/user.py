"""`sabaq user`: local accounts."""

import argparse
import getpass
import json
import secrets
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from catalog import audit, deeds, organizations, passwords, people, tokens
from catalog.deed_details import Deed
from catalog.errors import BadPerson
from catalog.organizations import Unit
from catalog.permissions import ROLES
from streamsvc.cli.account import operator
from streamsvc.cli.opened import opened_sessions

NAME = "user"
HELP = "Local accounts: add people, set passwords, give out tokens."
EXAMPLES = """examples:
  sabaq user add aigerim --name "Айгерім Серікқызы" --role teacher --unit kz/almaty/bostandyk/s25 --create-unit
  sabaq user add daniyar --name Данияр --role pupil --unit kz/almaty/bostandyk/s25 --generate
  echo "$NEW_PASSWORD" | sabaq user password aigerim
  sabaq user token aigerim --days 1
  sabaq user disable daniyar
  sabaq user list --json

A password is asked for, or read from standard input; never from the command line, where others could see it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    adding = actions.add_parser("add", help="add a person")
    adding.add_argument("login", help="letters, digits, . _ @ - (small letters)")
    adding.add_argument("--name", required=True, help="the name that others see")
    adding.add_argument("--role", required=True, choices=ROLES)
    adding.add_argument("--unit", required=True, metavar="PATH", help="such as kz/almaty/bostandyk/s25")
    adding.add_argument("--create-unit", action="store_true", help="make the unit and its ancestors when missing")
    adding.add_argument("--language", choices=people.LANGUAGES, default="kk")
    adding.add_argument("--generate", action="store_true", help="draw a password and print it")
    listing = actions.add_parser("list", help="everybody")
    listing.add_argument("--json", action="store_true", help="one JSON array, for programs")
    changing = actions.add_parser("password", help="set a new password; signs the person out everywhere")
    changing.add_argument("login")
    changing.add_argument("--generate", action="store_true", help="draw a password and print it")
    for name, summary in (
        ("disable", "sign a person out and let them in no more"),
        ("enable", "let a person in again"),
    ):
        switching = actions.add_parser(name, help=summary)
        switching.add_argument("login")
    giving = actions.add_parser("token", help="print a fresh bearer token")
    giving.add_argument("login")
    giving.add_argument("--days", type=float, default=7.0, help="how long it is good (default: 7)")


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    actions = {
        "add": _add,
        "list": _list,
        "password": _password,
        "token": _token,
        "disable": _disable,
        "enable": _enable,
    }
    # The password is read and hashed before the database is opened: both take their time.
    password = _read_password(args) if args.action in {"add", "password"} else ""
    args.password_hash = passwords.make_hash(password) if password else ""
    with opened_sessions(environ) as sessions, sessions.write.begin() as session:
        output = actions[args.action](session, args, datetime.now(UTC))
    print(output)
    if getattr(args, "generate", False):
        print(f"password: {password}")
    return 0


def _read_password(args: argparse.Namespace) -> str:
    if args.generate:
        return secrets.token_urlsafe(12)
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n") or _no_password()
    first = getpass.getpass("password: ")
    if first != getpass.getpass("again: "):
        raise BadPerson("the passwords differ", reason="the two passwords differ")
    return first or _no_password()


def _no_password() -> str:
    raise BadPerson("no password", reason="no password was given on standard input; --generate draws one")


def _add(session: Session, args: argparse.Namespace, now: datetime) -> str:
    if args.create_unit:
        unit = organizations.ensure_unit(session, args.unit, now=now)
    else:
        unit = organizations.unit_by_path(session, args.unit)
    person = people.create_person(
        session,
        args.login,
        display_name=args.name,
        role=args.role,
        unit=unit,
        password_hash=args.password_hash,
        now=now,
        language=args.language,
    )
    _note(session, deeds.PersonAdded(subject_id=person.id, unit_path=unit.path, role=args.role), now)
    return f"{person.login}: {person.role} at {unit.path}"


def _list(session: Session, args: argparse.Namespace, now: datetime) -> str:
    everybody = people.all_people(session)
    _note(session, deeds.PeopleListed(people=len(everybody)), now)
    if args.json:
        rows = [
            {"id": str(one.id), "login": one.login, "role": one.role, "unit": one.unit_path, "name": one.display_name}
            for one in everybody
        ]
        return json.dumps(rows, ensure_ascii=False)
    width = max((len(one.login) for one in everybody), default=0)
    return "\n".join(f"{one.login:<{width}}  {one.role:<8} {one.unit_path}  {one.display_name}" for one in everybody)


def _password(session: Session, args: argparse.Namespace, now: datetime) -> str:
    person = people.person_by_login(session, args.login)
    people.set_password(session, person, args.password_hash)
    ended = tokens.revoke_all(session, person.id, now=now)
    _note(session, deeds.PasswordSet(sessions=ended, **_whom(session, person)), now)
    return f"{person.login}: new password; signed out everywhere"


def _disable(session: Session, args: argparse.Namespace, now: datetime) -> str:
    person = people.person_by_login(session, args.login)
    person.active = False
    ended = tokens.revoke_all(session, person.id, now=now)
    _note(session, deeds.PersonDisabled(sessions=ended, **_whom(session, person)), now)
    return f"{person.login}: disabled; signed out everywhere"


def _enable(session: Session, args: argparse.Namespace, now: datetime) -> str:
    person = people.person_by_login(session, args.login)
    person.active = True
    _note(session, deeds.PersonEnabled(**_whom(session, person)), now)
    return f"{person.login}: enabled"


def _token(session: Session, args: argparse.Namespace, now: datetime) -> str:
    if not 0 < args.days <= 365:
        raise BadPerson("days", reason="--days: more than 0, at most 365")
    person = people.person_by_login(session, args.login)
    issued = tokens.issue(session, person.id, lifetime=timedelta(days=args.days), now=now)
    _note(session, deeds.TokenIssued(expires_at=issued.expires_at, **_whom(session, person)), now)
    return issued.token


def _note(session: Session, deed: Deed, now: datetime) -> None:
    audit.note(session, deed, who=operator(), now=now)


def _whom(session: Session, person: people.Person) -> dict[str, Any]:
    """The subject of a deed, and the unit that it concerns."""
    return {"subject_id": person.id, "unit_path": session.get_one(Unit, person.unit_id).path}
