"""What a worker has at hand while it works."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy.orm import Session

from cdn.storage import ObjectStore
from transcoder.claims import Worker
from transcoder.database import Message, Sessions, take_sendable
from transcoder.runner import Limits
from transcoder.settings import TranscoderSettings
from transcoder.workspace import Workspace

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Station:
    """Opened once in each pool child, after the fork: connections do not survive one."""

    worker: Worker
    sessions: Sessions
    store: ObjectStore
    workspace: Workspace
    settings: TranscoderSettings
    now: Callable[[], datetime]
    send: Callable[[list[Message]], object]
    """Publishes wake-ups; what does not leave is healed by the reconciler."""
    stopping: Callable[[], bool]
    """The worker was asked to stop: hand the task back, quickly."""

    @property
    def limits(self) -> Limits:
        """Of one run of a media tool."""
        return Limits(wall_s=self.settings.task_limit_s)

    def commit(self, function: Callable[Concatenate[Session, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run in one writing transaction; after its commit send the wake-ups that it left."""
        with self.sessions.write() as session:
            with session.begin():
                result = function(session, *args, **kwargs)
            messages = take_sendable(session)
        if messages:
            self.send(messages)
        return result

    def read(self, function: Callable[Concatenate[Session, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run in one transaction that only reads."""
        with self.sessions.read() as session, session.begin():
            return function(session, *args, **kwargs)
