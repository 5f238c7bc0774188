"""A queue in a database of its own, and the steps of a job without any media tool."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from transcoder import jobs
from transcoder.claims import Claim, Worker, claim
from transcoder.database import Base, Message, Sessions, open_sessions, take_sendable
from transcoder.growing import as_made
from transcoder.media import Made, Plan
from transcoder.plan import plan as make_plan
from transcoder.plan import starter_plan
from transcoder.planning import adopt_plan, note_source, settle_plan
from transcoder.publishing import PlaylistFile, objects_of, publish
from transcoder.settling import Stored, finish, release
from transcoder.source import AudioTrack, Source, VideoTrack
from transcoder.tables import ChunkTask, TranscodeJob

START = datetime(2026, 11, 24, 8, tzinfo=UTC)
LEASE_S = 60.0
SHA256 = "ab" * 32
STRONG = Worker("host-0", 1000)
"""It may hold long tasks without end."""


def make_source(duration_s: float, *, video: bool = True, audio: bool = True) -> Source:
    picture = VideoTrack("h264", 640, 360, Fraction(25), False, False, 8, "bt709", 0.0, float(duration_s))
    sound = AudioTrack("aac", 2, "stereo", 48000, 0.0, float(duration_s))
    # As it comes back from the database, or the digest would be another.
    return Source(1000, "mov", float(duration_s), picture if video else None, sound if audio else None)


def started_of(duration_s: float, *, video: bool = True, audio: bool = True) -> Plan:
    return starter_plan(make_source(duration_s, video=video, audio=audio), threads=1, encoder="test")


def plan_of(duration_s: float, *, video: bool = True, audio: bool = True) -> Plan:
    """Settled, without a look at anything."""
    return make_plan(make_source(duration_s, video=video, audio=audio), threads=1, encoder="test")


@dataclass
class Queue:
    """Each call is a transaction of its own; `clock` moves only when a test moves it."""

    sessions: Sessions
    clock: datetime = START
    worker: Worker = field(default_factory=lambda: Worker("host-1", 2))
    sent: list[Message] = field(default_factory=list)

    @contextmanager
    def write(self) -> Iterator[Session]:
        with self.sessions.write() as session:
            with session.begin():
                yield session
            self.sent += take_sendable(session)

    @contextmanager
    def read(self) -> Iterator[Session]:
        with self.sessions.read() as session, session.begin():
            yield session

    def later(self, seconds: float) -> None:
        self.clock += timedelta(seconds=seconds)

    def submit(self) -> UUID:
        asset_id = uuid4()
        with self.write() as session:
            jobs.submit(session, asset_id, [jobs.SourcePart(f"uploads/{asset_id}/0", 0, 9, SHA256)], now=self.clock)
        self.later(0.001)
        return asset_id

    def claim(self, worker: Worker | None = None) -> Claim | None:
        with self.write() as session:
            return claim(session, worker or self.worker, now=self.clock, lease_s=LEASE_S)

    def claimed(self, kind: str, worker: Worker | None = None) -> Claim:
        held = self.claim(worker)
        assert held is not None
        assert held.kind == kind
        return held

    def planned(self, duration_s: float, *, video: bool = True, audio: bool = True) -> UUID:
        """A job whose probe and analysis have ended. What goes before them is handed back as it was."""
        asset_id = self.started(duration_s, video=video, audio=audio)
        if video:
            held = self.take(asset_id, "analyse")
            self.settle(held, duration_s, audio=audio)
        return asset_id

    def take(self, asset_id: UUID, kind: str) -> Claim:
        """Claim this task, whatever goes before it: that is handed back as it was."""
        put_back = []
        while (held := self.claim(STRONG)) and (held.asset_id, held.kind) != (asset_id, kind):
            put_back.append(held)
        assert held is not None
        with self.write() as session:
            for other in put_back:
                release(session, other, now=self.clock)
        return held

    def settle(self, held: Claim, duration_s: float, *, audio: bool = True) -> None:
        """End the analysis."""
        with self.write() as session:
            settle_plan(session, held, plan_of(duration_s, audio=audio), now=self.clock)

    def published(self, duration_s: float) -> UUID:
        """A job that is ready, with all objects that a worker would have made."""
        asset_id = self.planned(duration_s)
        self.publish(asset_id, plan_of(duration_s))
        return asset_id

    def publish(self, asset_id: UUID, plan: Plan) -> None:
        """End the tasks of the asset's newest job one by one, and publish it."""
        job_id = self.job(asset_id).id
        while (held := self.claim(STRONG)) and held.kind != "publish":
            assert held.job_id == job_id
            chunk = plan.segments_of(plan.chunks[held.chunk]) if held.kind == "video" else range(plan.segment_count)
            self.finish(held, [item for name in held.renditions for item in made_of(plan, name, chunk, asset_id)])
        assert held is not None
        with self.read() as session:
            made: dict[str, list[Made]] = {}
            for row in objects_of(session, job_id):
                made.setdefault(row.rendition, []).append(as_made(row))
        publication_id = uuid4()
        files = [PlaylistFile("avc.m3u8", f"media/{asset_id}/{publication_id}/avc.m3u8", b"#EXTM3U")]
        with self.write() as session:
            publish(session, held, plan, made, publication_id, files, now=self.clock)

    def started(self, duration_s: float, *, video: bool = True, audio: bool = True) -> UUID:
        """A job whose probe has ended. What goes before it is handed back as it was."""
        asset_id = self.submit()
        self.plan(self.take(asset_id, "probe"), duration_s, video=video, audio=audio)
        return asset_id

    def plan(self, held: Claim, duration_s: float, *, video: bool = True, audio: bool = True) -> None:
        with self.write() as session:
            note_source(session, held, SHA256, now=self.clock)
        with self.write() as session:
            adopt_plan(session, held, started_of(duration_s, video=video, audio=audio), now=self.clock)

    def finish(self, held: Claim, stored: list[Stored] | None = None) -> None:
        with self.write() as session:
            finish(session, held, stored or [], now=self.clock)

    def job(self, asset_id: UUID) -> TranscodeJob:
        """The latest."""
        with self.read() as session:
            query = select(TranscodeJob).where(TranscodeJob.asset_id == asset_id)
            return session.scalars(query.order_by(TranscodeJob.created_at.desc())).first()

    def tasks(self, asset_id: UUID, *kinds: str) -> list[ChunkTask]:
        with self.read() as session:
            query = select(ChunkTask).join(TranscodeJob).where(TranscodeJob.asset_id == asset_id)
            return [task for task in session.scalars(query) if not kinds or task.kind in kinds]

    def status(self, asset_id: UUID) -> jobs.MediaStatus:
        with self.read() as session:
            return jobs.media_status(session, asset_id, self.clock)

    def reconcile(self, **more: int) -> int:
        with self.write() as session:
            return jobs.reconcile(session, now=self.clock, **more)


def made_of(plan: Plan, rendition: str, numbers: range, asset_id: UUID | str = "a") -> list[Stored]:
    """An init segment and some segments of a rendition, as its task would have stored them."""
    codec = "mp4a.40.2" if rendition in {audio.name for audio in plan.audio} else "avc1.64001e"
    made = [Made("init", rendition, "init.mp4", 700, SHA256, codec=codec)]
    for number in numbers:
        start_s = plan.start_s(number)
        length_s = min(plan.start_s(number + 1), Fraction(plan.duration_s)) - start_s
        made.append(Made("segment", rendition, f"{number}.m4s", 10_000, SHA256, number, start_s, length_s, 900))
    return [Stored(item, f"media/{asset_id}/{plan.digest}/{rendition}/{item.name}") for item in made]


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    sessions = open_sessions(f"sqlite:///{tmp_path}/queue.db")
    # No test cuts the power, and the disk's patience is no part of them.
    event.listen(sessions.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
    Base.metadata.create_all(sessions.engine)
    yield Queue(sessions)
    sessions.engine.dispose()
