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
