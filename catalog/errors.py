"""Errors that the catalogue raises on purpose."""

from typing import ClassVar


class CatalogError(Exception):
    """Base of every error this package raises on purpose."""

    code: ClassVar[str] = "catalog_error"

    def __init__(self, message: str = "", **params: object) -> None:
        super().__init__(message or self.code)
        self.params = params


class LessonMissing(CatalogError):
    """No such lesson, or the person may not know of it."""

    code = "lesson_missing"


class BadTitle(CatalogError):
    """A title needs 1 to 200 visible characters."""

    code = "bad_title"


class BadCursor(CatalogError):
    """The cursor of a list was not made by us."""

    code = "bad_cursor"


class SignInRefused(CatalogError):
    """Login and password do not belong together."""

    code = "sign_in_refused"


class TooManySignIns(CatalogError):
    """Too many failed sign-ins for this login; `retry_after_s` says when to try again."""

    code = "too_many_sign_ins"


class TokenRefused(CatalogError):
    """The bearer token is unknown, revoked or expired."""

    code = "token_refused"


class NotAllowed(CatalogError):
    """The person is known, but the role does not permit this."""

    code = "not_allowed"


class PersonExists(CatalogError):
    """The login is taken."""

    code = "person_exists"


class PersonMissing(CatalogError):
    """Nobody has this login."""

    code = "person_missing"


class BadPerson(CatalogError):
    """A login, role, language or password that cannot be used; param `reason`."""

    code = "bad_person"


class UnitMissing(CatalogError):
    """No unit at this path; param `path`."""

    code = "unit_missing"


class BadUnit(CatalogError):
    """The tree has no place for such a unit; param `reason`."""

    code = "bad_unit"


class AuditBroken(CatalogError):
    """An entry of the audit log is not as it was written; params `entry` (chain and sequence) and `reason`."""

    code = "audit_broken"


class AuditHeadLost(CatalogError):
    """The audit log does not contain the head that was kept elsewhere; param `reason`."""

    code = "audit_head_lost"


class BadAuditHead(CatalogError):
    """No head of an audit log as `sabaq audit head` prints it; param `head`."""

    code = "bad_audit_head"
