"""What a request may use, in one value; `streamsvc.app` is the only place that builds it for the web."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from cdn.signing import Signer
from cdn.storage import ObjectStore
from cdn.stores import open_store
from streamsvc import queueing
from streamsvc.database import Database
from streamsvc.secrets_store import Secrets, open_secrets
from streamsvc.settings import Settings
from streamsvc.telemetry import Telemetry
from streamsvc.texts import Texts, load_texts
from transcoder.database import Message


@dataclass(frozen=True, slots=True)
class Services:
    """Long-lived and shared by all requests."""

    settings: Settings
    database: Database
    store: ObjectStore
    secrets: Secrets
    signer: Signer
    send: Callable[[list[Message]], int]
    """Publishes wake-ups and returns how many left; blocking, so call it in a thread."""
    broker_answers: Callable[[], bool]
    """Whether the broker can be reached now; blocking too."""
    now: Callable[[], datetime]
    texts: Texts
    telemetry: Telemetry


def utc_now() -> datetime:
    return datetime.now(UTC)


def open_services(settings: Settings) -> Services:
    """Build everything from the settings. Connects to nothing yet, so a broker or store that is down does no harm."""
    secrets = open_secrets(settings.secrets)
    celery = queueing.celery_app(settings.broker_url, lease_s=settings.transcoder.lease_s)
    expires_s = queueing.expires_s(settings.transcoder.lease_s)
    return Services(
        settings=settings,
        database=Database(settings.database_url),
        store=open_store(settings.storage_url),
        secrets=secrets,
        signer=Signer(secrets.media_key),
        send=lambda messages: queueing.send(celery, messages, expires_s=expires_s),
        broker_answers=lambda: queueing.broker_answers(celery),
        now=utc_now,
        texts=load_texts(),
        telemetry=Telemetry(),
    )
