"""A database with all tables, and an upload in it, for the tests of uploads."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

import catalog.database
import streamsvc.database
import transcoder.database
from streamsvc.migrating import collect_tables
from streamsvc.settings import UploadSettings
from streamsvc.uploads import transfers
from streamsvc.uploads.tables import Upload
from streamsvc.uploads.transfers import Holder, Wanted
from transcoder.database import Sessions, open_sessions
from transcoder.jobs import SourcePart

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
LEASE = timedelta(seconds=30)


@dataclass(frozen=True)
class Teacher:
    person_id: UUID = field(default_factory=uuid4)
    unit_id: UUID = field(default_factory=uuid4)
    unit_path: str = "kz/almaty/s25"


@dataclass
class Books:
    """The database and the rules of one test."""

    sessions: Sessions
    limits: UploadSettings
    teacher: Teacher = field(default_factory=Teacher)

    def do(self, function, *args, **kwargs):
        """One writing transaction."""
        with self.sessions.write.begin() as session:
            return function(session, *args, **kwargs)

    def create(self, length: int, kind: str = "whole", *, at: datetime = NOW) -> Upload:
        concat = "partial" if kind == "partial" else ""
        wanted = Wanted(kind, length, "Lesson", "", concat)
        return self.do(transfers.create, wanted, owner=self.teacher, limits=self.limits, now=at)

    def hold(self, upload: Upload, node: str = "a", *, at: datetime = NOW) -> Upload:
        return self.do(transfers.hold, upload.id, upload.owner_id, node=node, lease=LEASE, now=at)

    def add(self, upload: Upload, offset: int, size: int, *, node: str = "a", epoch: int = 1) -> Upload:
        holder = Holder(node, epoch, LEASE)
        return self.do(transfers.add_part, upload.id, part(upload, offset, size), holder=holder, now=NOW)

    def filled(self, length: int, kind: str = "whole") -> Upload:
        """A complete upload of one part."""
        upload = self.create(length, kind)
        self.hold(upload)
        return self.add(upload, 0, length)

    def again(self, upload: Upload) -> Upload | None:
        with self.sessions.read() as session:
            return session.get(Upload, upload.id)


def part(upload: Upload, offset: int, size: int) -> SourcePart:
    return SourcePart(f"uploads/{upload.id}/{offset:015d}", offset, size, f"{offset:064x}")


@contextmanager
def open_books(database_url: str, spool: Path) -> Iterator[Books]:
    collect_tables()
    sessions = open_sessions(database_url)
    for base in (catalog.database.Base, transcoder.database.Base, streamsvc.database.Base):
        base.metadata.create_all(sessions.engine)
    limits = UploadSettings(
        spool=spool, max_bytes=1000, person_quota_bytes=2000, school_quota_bytes=3000, lifetime_s=3600
    )
    yield Books(sessions, limits)
    sessions.engine.dispose()


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    with open_books(f"sqlite:///{tmp_path}/books.db", tmp_path / "spool") as opened:
        yield opened
