"""What a worker does with one claimed task, from the claim to its end. Plain functions: Celery is only the alarm."""

import logging
import time
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from cdn.errors import CdnError, StoreFull, StoreUnavailable
from transcoder import settling
from transcoder.analysis.looking import look
from transcoder.analysis.values import Analysis
from transcoder.claims import Claim, claim
from transcoder.database import is_outage
from transcoder.errors import (
    BadSource,
    DatabaseAway,
    EncodeCancelled,
    EncodeFailed,
    StillSwept,
    TranscoderError,
    WorkspaceFull,
)
from transcoder.fetching import local_source
from transcoder.keeping import keep, keep_together
from transcoder.making import make_audio, make_chunk, make_stills
from transcoder.measuring import do_measure
from transcoder.media import Made, Plan
from transcoder.plan import settle, starter_plan
from transcoder.planning import adopt_plan, note_source, plan_of, settle_plan
from transcoder.policy import Policy, policy_for
from transcoder.probe import probe
from transcoder.publishing import do_publish
from transcoder.pulse import Pulse
from transcoder.resounding import end_sound, sound_plan
from transcoder.settling import Stored
from transcoder.soundtrack import measure_sound
from transcoder.station import Station
from transcoder.sweeping import do_sweep, is_being_swept
from transcoder.tools import find_tools
from transcoder.worklist import settled_list, weight_of
from transcoder.workspace import sha256_of

log = logging.getLogger(__name__)

TOO_LONG = "encode_timeout"
NOT_ITS_FAULT = (StoreUnavailable, StoreFull, WorkspaceFull, DatabaseAway, StillSwept)
UNSEEN = Analysis(doubt="failed")
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
    with local_source(station, held, pulse) as path:
        sha256 = sha256_of(path, cancelled=pulse.cancelled)
        station.commit(note_source, held, sha256, now=station.now())
        source = probe(path, settings=station.settings, cancelled=pulse.cancelled)
    settings, policy = station.settings, policy_for(station.settings.policy)
    plan = starter_plan(source, threads=settings.threads, encoder=find_tools().build, policy=policy)
    # A ladder that is not fitted to the lesson is the best guess at the work of the one that will be.
    expected = weight_of(settled_list(settle(plan, UNSEEN, policy=policy))) if not plan.settled else 0.0
    station.commit(adopt_plan, held, plan, expected=expected, now=station.now())


def do_analyse(station: Station, held: Claim, pulse: Pulse) -> None:
    """
    Look at the lesson, choose its rungs, have them made.

    An analysis that failed too often decides without looking: a lesson with plain rungs is better than none.
    """
    plan, policy = station.read(plan_of, held.job_id), policy_for(station.settings.policy)
    seen = held.attempts <= station.settings.max_attempts
    analysis = _look(station, held, pulse, plan, policy) if seen else UNSEEN
    if pulse.lost:
        raise EncodeCancelled("the claim was lost while the lesson was looked at")
    station.commit(settle_plan, held, settle(plan, analysis, policy=policy), now=station.now())


def _look(station: Station, held: Claim, pulse: Pulse, plan: Plan, policy: Policy) -> Analysis:
    def on_progress(part: float) -> None:
        pulse.progress = part

    with local_source(station, held, pulse) as path, station.workspace.task(held.task_id, held.fence) as out:
        return look(
            plan,
            path,
            out,
            policy=policy,
            cancelled=pulse.cancelled,
            limits=station.limits,
            on_progress=on_progress,
        )


def do_video(station: Station, held: Claim, pulse: Pulse) -> None:
    """Encode one chunk in its rungs, store the segments, commit them together."""
    plan = station.read(plan_of, held.job_id)
    chunk = plan.chunks[held.chunk]
    frames = chunk.end_frame - chunk.start_frame

    def on_frames(done: int) -> None:
        pulse.progress = done / frames

    with local_source(station, held, pulse) as path, station.workspace.task(held.task_id, held.fence) as out:
        made = make_chunk(
            plan,
            chunk,
            [rung for rung in plan.video if rung.name in held.renditions],
            path,
            out,
            on_frames=on_frames,
            cancelled=pulse.cancelled,
            limits=station.limits,
        )
        stored = keep(station.store, held.asset_id, plan.digest, out, made)
    _finish(station, held, pulse, stored)


def do_audio(station: Station, held: Claim, pulse: Pulse) -> None:
    """
    Encode the whole sound; its segments are stored and noted as they appear, so that pupils need not wait.

    What came out is measured; where it is too loud or too quiet, a second making follows.
    """
    plan = station.read(sound_plan, held)

    def on_seconds(done_s: float) -> None:
        pulse.progress = done_s / plan.duration_s

    def on_made(made: list[Made]) -> None:
        stored = keep(station.store, held.asset_id, plan.digest, out, made)
        station.commit(settling.record_early, held, stored)

    with local_source(station, held, pulse) as path, station.workspace.task(held.task_id, held.fence) as out:
        make_audio(
            plan,
            path,
            out,
            on_seconds=on_seconds,
            on_made=on_made,
            cancelled=pulse.cancelled,
            limits=station.limits,
        )
        reports = measure_sound(plan, out, cancelled=pulse.cancelled, limits=station.limits)
    if pulse.lost:
        raise EncodeCancelled("the claim was lost while the sound was measured")
    station.commit(end_sound, held, reports, now=station.now())


def do_stills(station: Station, held: Claim, pulse: Pulse) -> None:
    """Make the poster and the storyboard."""
    plan = station.read(plan_of, held.job_id)
    with local_source(station, held, pulse) as path, station.workspace.task(held.task_id, held.fence) as out:
        made = make_stills(plan, path, out, cancelled=pulse.cancelled, limits=station.limits)
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
    "analyse": do_analyse,
    "stills": do_stills,
    "publish": do_publish,
    "measure": do_measure,
    "sweep": do_sweep,
}
