"""
Who may do what. Pure.

Until curation exists an upload publishes itself, so every signed-in person may play every lesson; only its owner
and an admin may change it. What a person may not know of reads as missing (404), never as forbidden.
"""

from dataclasses import dataclass
from typing import Literal, Protocol, get_args
from uuid import UUID

Role = Literal["teacher", "pupil", "curator", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)


class Acting(Protocol):
    """The person who asks, as far as permissions care."""

    @property
    def person_id(self) -> UUID: ...
    @property
    def role(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Can:
    """What one person may do with one lesson; a page shows its buttons by this."""

    play: bool
    edit: bool
    delete: bool
    retry: bool
    cancel: bool


def may_create_lessons(role: str) -> bool:
    """Pupils watch; everybody else may also teach."""
    return role in {"teacher", "curator", "admin"}


def may_see_encoding(acting: Acting, *, owner_id: UUID) -> bool:
    """How a lesson was encoded is for whoever made it, and for those who help."""
    return acting.person_id == owner_id or acting.role in {"curator", "admin"}


def can(acting: Acting, *, owner_id: UUID, state: str) -> Can:
    """Deny by default: a state or role that is not named here permits nothing."""
    owns = acting.person_id == owner_id or acting.role == "admin"
    return Can(
        play=owns or (state == "published" and acting.role in ROLES),
        edit=owns,
        delete=owns,
        retry=owns,
        cancel=owns,
    )
