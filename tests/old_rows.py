"""
Rows of a database at revision 0001, as the version before wrote them: a published lesson, one half made, one waiting.

Inserted through today's tables, naming only columns that were there.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, insert

from transcoder.tables import ChunkTask, JobTurn, MediaAsset, MediaObject, PartRow, TranscodeJob

AT = datetime(2026, 11, 1, 8, tzinfo=UTC)
DIGEST = "0123456789abcdef0123456789abcdef"
OLD_PLAN = {
    "source": {
        "bytes": 1000,
        "demuxer": "mov",
        "duration_s": 8.0,
        "video": {
            "codec": "h264",
            "width": 640,
            "height": 360,
            "fps": "25/1",
            "variable_frame_rate": False,
            "interlaced": False,
            "bit_depth": 8,
            "transfer": "bt709",
            "start_s": 0.0,
            "duration_s": 8.0,
            "matrix": "bt709",
            "stream": 0,
            "shift_s": 0.0,
        },
        "audio": None,
        "start_s": 0.0,
    },
    "fps": "25/1",
    "frame_count": 200,
    "segment_frames": 100,
    "duration_s": 8.0,
    "chunks": [{"index": 0, "start_frame": 0, "end_frame": 200}],
    "video": [
        {
            "name": "v360",
            "width": 640,
            "height": 360,
            "crf": 31,
            "max_kbps": 64,
            "buffer_kbit": 110,
            "level": "3",
        }
    ],
    "audio": [],
    "threads": 1,
    "encoder": "8.1.2",
    "digest": DIGEST,
}
SUMMARY = [
    {
        "name": "v360",
        "type": "video",
        "codec": "avc1.64001e",
        "width": 640,
        "height": 360,
        "fps": 25.0,
        "average_bps": 50_000,
        "peak_bps": 60_000,
        "bytes": 50_700,
        "state": "ready",
    }
]


@dataclass(frozen=True, slots=True)
class OldRows:
    """Assets, and what was published."""

    published: UUID
    publication: UUID
    half: UUID
    waiting: UUID


def add_old_rows(engine: Engine) -> OldRows:
    rows = OldRows(uuid4(), uuid4(), uuid4(), uuid4())
    with engine.begin() as connection:
        planned = {"plan": OLD_PLAN, "plan_digest": DIGEST, "duration_s": 8.0, "planned_at": AT}
        ready = {**planned, "publication_id": rows.publication, "summary": SUMMARY, "finished_at": AT}
        _job(connection, rows.published, "ready", ["probe", "video", "stills", "publish"], "done", **ready)
        _job(connection, rows.half, "encoding", ["probe", "video", "stills", "publish"], "running", **planned)
        _job(connection, rows.waiting, "waiting", ["probe"], "ready")
    return rows


def _job(connection: Connection, asset_id: UUID, state: str, kinds: list[str], task_state: str, **more: object) -> None:
    job_id = uuid4()
    common = {"id": job_id, "asset_id": asset_id, "state": state, "source_bytes": 9, "created_at": AT}
    connection.execute(insert(TranscodeJob.__table__).values(**common, **more))
    published = job_id if state == "ready" else None
    connection.execute(insert(MediaAsset.__table__).values(id=asset_id, job_id=job_id, published_job_id=published))
    part = {"asset_id": asset_id, "offset": 0, "bytes": 9, "sha256": "a" * 64, "key": f"uploads/{asset_id}/0"}
    connection.execute(insert(PartRow.__table__).values(**part))
    if state != "ready":
        connection.execute(insert(JobTurn.__table__).values(job_id=job_id, turn=0))
    for rank, kind in enumerate(kinds):
        task = {"id": uuid4(), "job_id": job_id, "kind": kind, "lane": 2 if rank else 0, "rank": rank, "fence": 1}
        connection.execute(insert(ChunkTask.__table__).values(**task, state=task_state, queued_at=AT, attempts=3))
    if "plan" in more:
        _object(connection, asset_id, job_id, "v360", "init.mp4", "init", f"{DIGEST}/v360")
        _object(connection, asset_id, job_id, "v360", "0.m4s", "segment", f"{DIGEST}/v360", duration_num=4)
    if state == "ready":
        _object(connection, asset_id, job_id, "playlists", "avc.m3u8", "playlist", str(more["publication_id"]))


def _object(
    connection: Connection, asset_id: UUID, job_id: UUID, rendition: str, name: str, kind: str, folder: str, **more: int
) -> None:
    key = f"media/{asset_id}/{folder}/{name}"
    row = {"job_id": job_id, "rendition": rendition, "name": name, "kind": kind, "key": key, "bytes": 1}
    codec = "avc1.64001e" if kind == "init" else ""
    made = {"sha256": "b" * 64, "codec": codec, "task_id": uuid4(), "fence": 1}
    connection.execute(insert(MediaObject.__table__).values(**row, **made, **more))
