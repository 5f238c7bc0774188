"""
Passwords as argon2id hashes (RFC 9106). Slow on purpose (about 0.1 s), so never inside a transaction or on an
event loop.
"""

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from catalog.errors import BadPerson

SHORTEST = 8
LONGEST = 200
"""Characters. A longer text would only cost us time."""


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def decoy() -> str:
    """A hash that no password fits: an unknown login costs the same time as a known one."""
    return _hasher().hash(secrets.token_urlsafe(32))


def make_hash(password: str) -> str:
    """Raises BadPerson for a password that is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadPerson("password length", reason=f"a password needs {SHORTEST} to {LONGEST} characters")
    return _hasher().hash(password)


def fits(password_hash: str, password: str) -> bool:
    """Whether the password made this hash."""
    if len(password) > LONGEST:
        return False
    try:
        return _hasher().verify(password_hash or decoy(), password)
    except (VerificationError, InvalidHashError):
        return False
