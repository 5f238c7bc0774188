"""Lessons in every state, made by rows: for tests of the service that need no encoder."""

from fractions import Fraction
from typing import Literal
from uuid import UUID, uuid4

from sqlalchemy import update
from sqlalchemy.orm import Session

from catalog import lessons
from streamsvc.services import utc_now
from tests.functional.app_fixtures import ServedApp
from tests.transcoder.rungs import sound
from transcoder import jobs
from transcoder.media import Plan
from transcoder.plan_json import plan_to_json
from transcoder.source import AudioTrack, Source
from transcoder.tables import MediaAsset, MediaObject, TranscodeJob

State = Literal["uploading", "waiting", "encoding", "growing", "ready", "failed", "cancelled"]
STATES: tuple[State, ...] = ("uploading", "waiting", "encoding", "growing", "ready", "failed", "cancelled")

DURATION_S = 60.0
PLAN = Plan(
    source=Source(1000, "mov", DURATION_S, None, AudioTrack("aac", 2, "stereo", 48000, 0.0, DURATION_S)),
    fps=Fraction(1),
    frame_count=0,
    segment_frames=4,
    opening=0,
    opening_frames=4,
    duration_s=DURATION_S,
    chunks=(),
    video=(),
    audio=(sound("a64", 64),),
    threads=1,
    encoder="test",
    digest="0" * 32,
)


def make_lesson(
    served: ServedApp, *, login: str = "teacher", title: str = "Бөлшектер", state: State = "ready", draft: bool = False
) -> UUID:
    """A lesson whose sound is (as far as the database knows) encoded as the state says; no bytes are stored."""
    account = served.accounts[login]
    with served.sessions.write.begin() as session:
        lesson = lessons.create(
            session,
            title,
            owner_id=account.person_id,
            unit_id=account.unit_id,
            unit_path=account.unit_path,
            asset_id=uuid4(),
            now=utc_now(),
            state="draft" if draft else "published",
        )
        if state != "uploading":
            _submit(session, lesson.asset_id)
            set_state(session, lesson.asset_id, state)
        return lesson.id


def asset_of(served: ServedApp, lesson_id: UUID) -> UUID:
    with served.sessions.read.begin() as session:
        return session.get_one(lessons.Lesson, lesson_id).asset_id


def change(served: ServedApp, lesson_id: UUID, state: State) -> None:
    """As a worker's commit would."""
    asset_id = asset_of(served, lesson_id)
    with served.sessions.write.begin() as session:
        set_state(session, asset_id, state)


def _submit(session: Session, asset_id: UUID) -> None:
    part = jobs.SourcePart(key=f"uploads/{uuid4()}/{0:015d}", offset=0, bytes=1000, sha256="a" * 64)
    jobs.submit(session, asset_id, [part], now=utc_now())


def set_state(session: Session, asset_id: UUID, state: State) -> None:
    asset = session.get_one(MediaAsset, asset_id)
    values: dict[str, object] = {"state": state}
    if state == "growing":
        values["state"] = "encoding"
    if state in {"encoding", "growing", "ready"}:
        planned = {"plan": plan_to_json(PLAN), "plan_digest": PLAN.digest, "duration_s": DURATION_S}
        values |= planned | {"source_sha256": "b" * 64, "planned_at": utc_now()}
    if state in {"growing", "ready"}:
        # Sound that lasts as long as the lesson has ended.
        _add_sound(session, asset, segments=15 if state == "ready" else 14)
    if state == "ready":
        values |= {"publication_id": uuid4(), "summary": [_summary()], "finished_at": utc_now()}
        asset.published_job_id = asset.job_id
    if state == "failed":
        values |= {"error_code": "source_too_long", "error_params": {"duration_s": 46800.0, "limit_s": 43200.0}}
    if state == "cancelled":
        values |= {"error_code": "encode_cancelled", "error_params": {}}
    session.execute(update(TranscodeJob).where(TranscodeJob.id == asset.job_id).values(**values))


def _add_sound(session: Session, asset: MediaAsset, *, segments: int) -> None:
    whole = [("init", "init.mp4", 0), *(("segment", f"{number}.m4s", number) for number in range(segments))]
    for kind, name, number in whole:
        session.merge(
            MediaObject(
                job_id=asset.job_id,
                rendition="a64",
                name=name,
                kind=kind,
                key=f"media/{asset.id}/{PLAN.digest}/a64/{name}",
                bytes=32_000 if kind == "segment" else 700,
                sha256="c" * 64,
                number=number,
                start_num=number * 4,
                start_den=1,
                duration_num=4 if kind == "segment" else 0,
                duration_den=1,
                iframe_bytes=0,
                codec="mp4a.40.2" if kind == "init" else "",
                task_id=uuid4(),
                fence=1,
            )
        )


def _summary() -> dict[str, object]:
    rates = {"average_bps": 64_000, "peak_bps": 70_000, "bytes": 480_700}
    nothing = {"width": None, "height": None, "fps": None}
    return {"name": "a64", "type": "audio", "codec": "mp4a.40.2", "state": "ready", **nothing, **rates}
