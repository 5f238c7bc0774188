"""
What the demo remembers in `VAR/secrets/demo.json` (0600): the key of its sign-in link, its accounts, its lessons.

    {"key": "…", "accounts": [{"role", "login", "password", "token", "expires_at"}, …],
     "lessons": [{"source": "<sha256>", "lesson_id": "<uuid>"}, …]}

The handler of `/demo/enter?key=…&lesson=…` compares `key` and signs in with the pupil's `token`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import msgspec

from streamsvc.demo.files import write_private
from streamsvc.errors import BadSetting


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """One person of the demo, with everything needed to sign in."""

    role: str
    login: str
    password: str
    token: str
    expires_at: datetime
    """Of the token."""


@dataclass(frozen=True, slots=True)
class DemoLesson:
    """A lesson that plays, and the sha256 of the file it was made from."""

    source: str
    lesson_id: str


@dataclass(frozen=True, slots=True)
class DemoState:
    """All of it; changed by replacing."""

    key: str = ""
    accounts: tuple[DemoAccount, ...] = ()
    lessons: tuple[DemoLesson, ...] = ()
    """The last one is the one that was asked for last."""

    def account(self, role: str) -> DemoAccount:
        return next(account for account in self.accounts if account.role == role)

    def lesson_of(self, source: str) -> DemoLesson | None:
        return next((lesson for lesson in self.lessons if lesson.source == source), None)

    def with_lesson(self, lesson: DemoLesson) -> "DemoState":
        """The lesson comes last, whether it was known or not."""
        others = tuple(each for each in self.lessons if each.source != lesson.source)
        return replace(self, lessons=(*others, lesson))

    def without_lesson(self, lesson_id: str) -> "DemoState":
        return replace(self, lessons=tuple(each for each in self.lessons if each.lesson_id != lesson_id))


def state_path(secrets: Path) -> Path:
    return secrets / "demo.json"


def load(secrets: Path) -> DemoState:
    """An empty state when there is none yet. Raises BadSetting for a file that is not ours."""
    path = state_path(secrets)
    try:
        return msgspec.json.decode(path.read_bytes(), type=DemoState)
    except FileNotFoundError:
        return DemoState()
    except msgspec.MsgspecError as exc:
        raise BadSetting(f"{path}: {exc}", name=str(path), reason=str(exc)) from exc


def save(secrets: Path, state: DemoState) -> None:
    """Whole or not at all, and never readable by others, not even for a moment."""
    write_private(state_path(secrets), msgspec.json.format(msgspec.json.encode(state)))
