"""What a request may use, in one value; `streamsvc.app` is the only place that builds it for the web."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cdn.signing import Signer

from cdn.storage import ObjectStore
from streamsvc.database import Database
from streamsvc.settings import Settings
from streamsvc.texts import Texts
from transcoder.database import Message


@dataclass(frozen=True, slots=True)
class Services:
    """Long-lived and shared by all requests."""

    settings: Settings
    database: Database
    store: ObjectStore
    signer: Signer
    send: Callable[[list[Message]], int]
    """Publishes wake-ups; blocking, so call it in a thread."""
    now: Callable[[], datetime]
    texts: Texts
