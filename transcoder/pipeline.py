"""What a worker does with one claimed task, from the claim to its end. Plain functions: Celery is only the alarm."""

import hashlib
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sqlalchemy.exc import SQLAlchemyError

from cdn.errors import CdnError, ObjectMissing, StoreFull, StoreUnavailable
from cdn.storage import ObjectStore
from transcoder import settling
from transcoder.claims import Claim, claim
from transcoder.database import is_outage
from transcoder.errors import (
    BadSource,
    DatabaseAway,
    EncodeCancelled,
    EncodeFailed,
    SourceLost,
    StillSwept,
    TranscoderError,
    WorkspaceFull,
)
from transcoder.keeping import keep, keep_together
from transcoder.making import make_audio, make_chunk, make_stills
from transcoder.media import Made
from transcoder.plan import plan as make_plan
from transcoder.planning import adopt_plan, note_source, plan_of, source_parts
from transcoder.probe import probe
from transcoder.publishing import do_publish
from transcoder.pulse import Pulse
from transcoder.runner import Limits
from transcoder.settling import Stored
from transcoder.station import Station
from transcoder.sweeping import do_sweep, is_being_swept
from transcoder.tables import PartRow
from transcoder.tools import find_tools
from transcoder.workspace import sha256_of

log = logging.getLogger(__name__)

TOO_LONG = "encode_timeout"
NOT_ITS_FAULT = (StoreUnavailable, StoreFull, WorkspaceFull, DatabaseAway, StillSwept)
ASK_AGAIN_S = 1.0
"""Between two tries to write something down while the database is away."""


def work_once(station: Station) -> bool:
    """Claim the best task, do it and settle it. False when there was nothing to do."""
    held = station.commit(claim, station.worker, now=station.now(), lease_s=station.settings.lease_s)
    if held is None:
        return False
    log.info("%s %s of %s begins, attempt %s", held.kind, held.chunk, held.asset_id, held.attempts)
    with Pulse(station, held) as pulse:
        try:
            STEPS[held.kind](station, held, pulse)
        except (TranscoderError, CdnError) as error:
            log.info("%s %s of %s ended: %s %s", held.kind, held.chunk, held.asset_id, error.code, error)
            _settle(station, held, pulse, error)
        except Exception as error:
            if isinstance(error, SQLAlchemyError) and is_outage(error):
                log.warning("%s %s of %s lost the database: %s", held.kind, held.chunk, held.asset_id, error)
                _settle(station, held, pulse, DatabaseAway())
                return True
            # A mistake of ours. It counts as an attempt now, not when the lease ends, and is seen in the log.
            _settle(station, held, pulse, EncodeFailed("unexpected error"))
            raise
    return True


def _settle(station: Station, held: Claim, pulse: Pulse, error: TranscoderError | CdnError) -> None:
    """
    Write down why a task ended early; a claim that is lost has nothing to say.

    A database that is away is asked again while the lease lasts: only what is written down costs no attempt.
    """
    give_up = time.monotonic() + station.settings.lease_s
    while not pulse.lost:
        try:
            _write_down(station, held, error)
        except SQLAlchemyError as trouble:
            if not is_outage(trouble) or station.stopping() or time.monotonic() > give_up:
                raise
            time.sleep(ASK_AGAIN_S)
        else:
            return


def _write_down(station: Station, held: Claim, error: TranscoderError | CdnError) -> None:
    now = station.now()
    try:
        if station.stopping():
            station.commit(settling.release, held, now=now)
        elif isinstance(error, BadSource):
            station.commit(settling.fail_at_once, held, error.code, error.params, now=now)
        elif isinstance(error, NOT_ITS_FAULT):
            station.commit(settling.postpone, held, error.code, error.params, now=now)
        else:
            code = TOO_LONG if isinstance(error, EncodeCancelled) else error.code
            attempts = station.settings.max_attempts
            station.commit(settling.fail, held, code, error.params, now=now, max_attempts=attempts)
    except EncodeCancelled:
        log.info("%s %s of %s was lost meanwhile", held.kind, held.chunk, held.asset_id)


def do_probe(station: Station, held: Claim, pulse: Pulse) -> None:
    """Read the source whole, look into it, decide everything about the asset. Raises StillSwept."""
    if station.read(is_being_swept, held.asset_id):
        raise StillSwept(f"a sweep of asset {held.asset_id} has not ended")
    with _source(station, held, pulse) as path:
        sha256 = sha256_of(path, cancelled=pulse.cancelled)
        station.commit(note_source, held, sha256, now=station.now())
        source = probe(path, settings=station.settings, cancelled=pulse.cancelled)
    settings = station.settings
    plan = make_plan(source, threads=settings.threads, encoder=find_tools().build, policy=settings.policy)
    station.commit(adopt_plan, held, plan, now=station.now())


def do_video(station: Station, held: Claim, pulse: Pulse) -> None:
    """Encode one chunk in its rungs, store the segments, commit them together."""
    plan = station.read(plan_of, held.job_id)
    chunk = plan.chunks[held.chunk]
    frames = chunk.end_frame - chunk.start_frame

    def on_frames(done: int) -> None:
        pulse.progress = done / frames

    with _source(station, held, pulse) as path, station.workspace.task(held.task_id, held.fence) as out:
        made = make_chunk(
            plan,
            chunk,
            [rung for rung in plan.video if rung.name in held.renditions],
            path,
            out,
            on_frames=on_frames,
            cancelled=pulse.cancelled,
            limits=_limits(station),
        )
        stored = keep(station.store, held.asset_id, plan.digest, out, made)
    _finish(station, held, pulse, stored)


def do_audio(station: Station, held: Claim, pulse: Pulse) -> None:
    """Encode the whole sound; its segments are stored and noted as they appear, so that pupils need not wait."""
    plan = station.read(plan_of, held.job_id)

    def on_seconds(done_s: float) -> None:
        pulse.progress = done_s / plan.duration_s

    def on_made(made: list[Made]) -> None:
        stored = keep(station.store, held.asset_id, plan.digest, out, made)
        station.commit(settling.record_early, held, stored)

    with _source(station, held, pulse) as path, station.workspace.task(held.task_id, held.fence) as out:
        make_audio(
            plan,
            path,
            out,
            on_seconds=on_seconds,
            on_made=on_made,
            cancelled=pulse.cancelled,
            limits=_limits(station),
        )
    _finish(station, held, pulse, [])


def do_stills(station: Station, held: Claim, pulse: Pulse) -> None:
    """Make the poster and the storyboard."""
    plan = station.read(plan_of, held.job_id)
    with _source(station, held, pulse) as path, station.workspace.task(held.task_id, held.fence) as out:
        made = make_stills(plan, path, out, cancelled=pulse.cancelled, limits=_limits(station))
        stored = keep_together(station.store, held.asset_id, plan.digest, out, made)
    _finish(station, held, pulse, stored)


def _finish(station: Station, held: Claim, pulse: Pulse, stored: list[Stored]) -> None:
    if pulse.lost:
        raise EncodeCancelled("the claim was lost while files were stored")
    station.commit(settling.finish, held, stored, now=station.now())


STEPS: dict[str, Callable[[Station, Claim, Pulse], None]] = {
    "probe": do_probe,
    "video": do_video,
    "audio": do_audio,
    "stills": do_stills,
    "publish": do_publish,
    "sweep": do_sweep,
}


def _limits(station: Station) -> Limits:
    return Limits(wall_s=station.settings.task_limit_s)


@contextmanager
def _source(station: Station, held: Claim, pulse: Pulse) -> Iterator[Path]:
    """The local copy of the source."""
    parts = station.read(source_parts, held.asset_id)

    def fill(file: IO[bytes]) -> None:
        assemble(station.store, parts, file, cancelled=pulse.cancelled)

    size = sum(part.bytes for part in parts)
    with station.workspace.source(held.asset_id, size=size, fill=fill, cancelled=pulse.cancelled) as path:
        yield path


def assemble(store: ObjectStore, parts: list[PartRow], file: IO[bytes], *, cancelled: Callable[[], bool]) -> None:
    """Join part objects, each compared with its recorded digest. Raises SourceLost, EncodeCancelled."""
    position = 0
    for part in parts:
        if cancelled():
            raise EncodeCancelled("cancelled while the source was fetched")
        try:
            body = store.read(part.key) if part.bytes else b""
        except ObjectMissing as exc:
            raise SourceLost(f"part {part.key} is gone", offset=part.offset) from exc
        if part.offset != position or hashlib.sha256(body).hexdigest() != part.sha256:
            raise SourceLost(f"part {part.key} holds other bytes than were uploaded", offset=part.offset)
        file.write(body)
        position += len(body)
