"""A lesson whose plan has everything in it that can be told of one; by rows, without an encoder."""

from dataclasses import replace
from fractions import Fraction
from uuid import UUID

from sqlalchemy import delete, update

from tests.functional import app_states
from tests.functional.app_fixtures import ServedApp
from transcoder.analysis.values import Analysis, Part, Trial
from transcoder.media import AudioRendition, Plan, Rival, VideoRendition, Why
from transcoder.plan_json import plan_to_json
from transcoder.policy import Policy
from transcoder.source import AudioTrack, Heard, Source, VideoTrack
from transcoder.tables import ChunkTask, MediaAsset, TranscodeJob

DURATION_S = 2400.0
HEARD = Heard(
    "speech", mono_lufs=-26.0, stereo_lufs=-23.14, peak_db=-6.02, floor_db=-51.5, alike=True, hum_hz=50, hum_db=-48
)
AVC, AV1 = (
    {"family": "avc", "preset": "medium", "sound": "aac-40"},
    {"family": "av1", "preset": "8", "sound": "opus-16"},
)
STILL = {"width": 1920, "height": 1080, "frame_step": 30}
SHARES = {"buffer_kbit": 400, "level": "4.0"}
RUNGS = (
    VideoRendition(
        "avc-96", width=640, height=360, frame_step=1, crf=35, max_kbps=52, line_kbps=96, **AVC, **SHARES,
        why=Why(40.2, 61.4)
    ),
    VideoRendition(
        "avc-192", **STILL, crf=31, max_kbps=148, line_kbps=192, **AVC, **SHARES,
        why=Why(61.7, 91.3, (Rival(720, 1, 84.0), Rival(1080, 1, 80.5)))
    ),
    VideoRendition(
        "avc-500", **STILL, crf=27, max_kbps=456, line_kbps=500, **AVC, **SHARES,
        why=Why(140.0, 95.1, (Rival(720, 30, 91.0),))
    ),
    VideoRendition(
        "av1-50", **STILL, crf=48, max_kbps=32, line_kbps=50, **AV1, **SHARES,
        why=Why(14.5, 93.9, (Rival(720, 30, 90.2),))
    ),
)  # fmt: skip
PLAN = Plan(
    source=Source(
        50_000_000,
        "mov",
        DURATION_S,
        VideoTrack("h264", 1920, 1080, Fraction(30), False, False, 8, "bt709", 0.0, DURATION_S),
        AudioTrack("aac", 2, "stereo", 48_000, 0.0, DURATION_S, lone_channel=1, heard=HEARD),
    ),
    fps=Fraction(30),
    frame_count=72_000,
    segment_frames=240,
    opening=3,
    opening_frames=120,
    duration_s=DURATION_S,
    chunks=(),
    video=RUNGS,
    audio=(AudioRendition("aac-40", "aac", 40, 48_000, 1), AudioRendition("opus-16", "opus", 16, 48_000, 1)),
    threads=1,
    encoder="test",
    digest="0" * 32,
    settled=True,
    policy=Policy(lines_kbps=(50, 96, 192, 500, 1800)),
    analysis=Analysis(
        parts=(Part(0, 90, 0.75, "slides", 0.98, 24), Part(9000, 90, 0.25, "talking", 0.6, 0)),
        trials=(Trial("avc", 1080, 1, 30, (1, 1), (1.0, 1.0), (90.0, 80.0)),),
    ),
)
STARTER_PLAN = replace(PLAN, video=RUNGS[:1], settled=False, analysis=None)


def make_explained_lesson(served: ServedApp, *, plan: Plan = PLAN, title: str = "Бөлшектер") -> UUID:
    """Of the teacher."""
    lesson_id = app_states.make_lesson(served, title=title, state="waiting")
    give_plan(served, lesson_id, plan)
    return lesson_id


def give_plan(served: ServedApp, lesson_id: UUID, plan: Plan) -> None:
    """The lesson is ready, with measured rates, when the plan is settled; before that it grows."""
    asset_id = app_states.asset_of(served, lesson_id)
    values: dict[str, object] = {"plan": plan_to_json(plan), "duration_s": plan.duration_s}
    if plan.settled:
        values["summary"] = [_summary(plan, rendition) for rendition in plan.renditions]
    with served.sessions.write.begin() as session:
        app_states.set_state(session, asset_id, "ready" if plan.settled else "growing")
        job_id = session.get_one(MediaAsset, asset_id).job_id
        # A worker that runs beside would find no bytes, and fail the lesson.
        session.execute(delete(ChunkTask).where(ChunkTask.job_id == job_id))
        session.execute(update(TranscodeJob).where(TranscodeJob.id == job_id).values(**values))


def _summary(plan: Plan, rendition: VideoRendition | AudioRendition) -> dict[str, object]:
    """As it is kept with a publication: it came out a little cheaper than was expected."""
    video = rendition if isinstance(rendition, VideoRendition) else None
    kbps = video.why.average_kbps - 1 if video and video.why else getattr(rendition, "kbps", 0)
    return {
        "name": rendition.name,
        "type": "video" if video else "audio",
        "codec": {"avc": "avc1.640028", "av1": "av01.0.08M.08"}[rendition.family] if video else "mp4a.40.2",
        "width": video.width if video else None,
        "height": video.height if video else None,
        "fps": float(plan.fps / video.frame_step) if video else None,
        "average_bps": round(kbps * 1000),
        "peak_bps": round(kbps * 1500),
        "bytes": round(kbps * 125 * plan.duration_s),
        "state": "ready",
        "vmaf": video.why.vmaf - 0.5 if video and video.why else None,
        "vmaf_low": video.why.vmaf - 4.0 if video and video.why else None,
    }
