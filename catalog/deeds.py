"""
What is worth an entry in the audit log: a closed set of deeds, each with typed details. Pure.

A new kind of deed is a class of this module with an action. There is no field for free text, because people type
secrets into any field: a detail is a number, a time, an id, a digest, or a word of ours (a role, a path, a state).
"""

import json
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from catalog.deed_details import Deed, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfPerson(Deed):
    subject_kind = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Import(Deed):
    subject_kind = "unit"
    file_sha256: bytes
    added: int
    changed: int
    skipped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(_OfPerson):
    action = "sign_in.good"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRefused(_OfPerson):
    """Without a subject nobody has such a login; what was typed is not kept, for it may be a password."""

    action = "sign_in.refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInThrottled(_OfPerson):
    """The first of those that were told to wait; the others of the same wait are not written down."""

    action = "sign_in.throttled"
    retry_after_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOut(_OfPerson):
    action = "sign_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsRevoked(_OfPerson):
    action = "sessions.revoked"
    sessions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIssued(_OfPerson):
    action = "token.issued"
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAdded(_OfPerson):
    action = "person.added"
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordSet(_OfPerson):
    action = "person.password_set"
    sessions: int
    """Those that ended by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDisabled(_OfPerson):
    action = "person.disabled"
    sessions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonEnabled(_OfPerson):
    action = "person.enabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleListed(Deed):
    action = "people.listed"
    subject_kind = "unit"
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PupilViewed(_OfPerson):
    """Somebody looked at what is known of a named pupil; `what` names the page."""

    action = "pupil.viewed"
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantGiven(_OfPerson):
    action = "grant.given"
    grant_id: UUID
    role: str
    begins_at: datetime
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantWithdrawn(_OfPerson):
    action = "grant.withdrawn"
    grant_id: UUID
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsImported(_Import):
    action = "units.imported"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleImported(_Import):
    action = "people.imported"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitMoved(Deed):
    action = "unit.moved"
    subject_kind = "unit"
    from_path: str
    to_path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonDeleted(Deed):
    action = "lesson.deleted"
    subject_kind = "lesson"
    owner_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonReencoded(Deed):
    action = "lesson.reencoded"
    subject_kind = "lesson"


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonDecided(Deed):
    """Somebody who may decide about a lesson did."""

    action = "lesson.decided"
    subject_kind = "lesson"
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceExported(Deed):
    action = "trace.exported"
    subject_kind = "trace"
    since: datetime | None = None
    lesson_id: UUID | None = None
    session_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupBegun(Deed):
    action = "backup.begun"
    subject_kind = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRestored(Deed):
    """What stands between the backup and this entry is lost."""

    action = "backup.restored"
    subject_kind = "system"
    made_at: datetime
    rows: int
    objects: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditListed(_OfPerson):
    """Somebody at the command line read the log; the subject is the person that was asked for."""

    action = "audit.listed"
    entries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditExported(Deed):
    action = "audit.exported"
    subject_kind = "audit"
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSealed(Deed):
    """Entries of this chain up to a sequence number may be removed; `last_digest` vouches for all of them."""

    action = "log.sealed"
    subject_kind = "audit"
    up_to: int
    last_digest: bytes
    before: datetime


DEEDS: tuple[type[Deed], ...] = tuple(
    kind
    for kind in list(globals().values())
    if isinstance(kind, type) and issubclass(kind, Deed) and "action" in vars(kind)
)
ACTIONS = tuple(deed.action for deed in DEEDS)
_COMMON = frozenset(field.name for field in fields(Deed))


def details_of(deed: Deed) -> str:
    """
    A deed's details as canonical JSON: keys sorted, no spaces, ASCII, values as `plain` gives them.

    Raises TypeError for what is no deed of ours or no detail, ValueError for a text that is no word of ours.
    """
    if type(deed) not in DEEDS:
        raise TypeError(f"{type(deed).__name__} is no deed of the closed set")
    plain(deed.unit_path or None)
    values = {item.name: plain(getattr(deed, item.name)) for item in fields(deed) if item.name not in _COMMON}
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
