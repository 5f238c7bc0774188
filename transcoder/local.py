"""From a file to a folder with its whole HLS tree, on this machine alone: no database, store or broker."""

import os
import resource
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import file_digest
from pathlib import Path
from threading import Event

from transcoder.analysis.looking import look
from transcoder.errors import EncodeFailed, SourceMissing, TranscoderError, WorkspaceFull
from transcoder.loudness import SoundReport
from transcoder.making import make_chunk, make_stills
from transcoder.media import Chunk, Made, Plan, VideoRendition
from transcoder.outdir import NO_ROOM, Hidden, require_empty
from transcoder.plan import settle, starter_plan
from transcoder.policy import Family, Policy, policy_for
from transcoder.probe import probe
from transcoder.runner import Limits
from transcoder.settings import TranscoderSettings
from transcoder.soundtrack import make_level_audio
from transcoder.source import Source
from transcoder.tools import find_tools
from transcoder.tree import MULTIVARIANT_NAME as MULTIVARIANT_NAME
from transcoder.tree import PLAN_NAME as PLAN_NAME
from transcoder.tree import Tree as Tree
from transcoder.tree import gather, verified, write_playlists

ANALYSIS = "analysis"
"""What progress calls the look at the lesson."""
# Nobody else waits for this machine, and a lesson of twelve hours has one task for its whole sound.
LOCAL_LIMITS = Limits(wall_s=24 * 3600, cpu_s=48 * 3600)

OnPlan = Callable[[Plan], None]
"""Hears of the plan twice: as far as the probe tells, and settled."""
OnProgress = Callable[[str, float], None]
"""(rendition or `ANALYSIS`, seconds of the lesson that are done)"""


def transcode(
    source: Path,
    outdir: Path,
    *,
    settings: TranscoderSettings,
    jobs: int,
    on_plan: OnPlan | None = None,
    on_progress: OnProgress | None = None,
) -> Tree:
    """
    Write the HLS tree of `source` to `outdir`, which must be absent or empty and is left so on any failure.

    Raises the kinds of BadSource, OutputNotEmpty, OutputUnwritable, WorkspaceFull, EncodeFailed, OutputInvalid,
    ToolMissing.
    """
    started, cpu_before_s = time.monotonic(), _cpu_s()
    require_empty(outdir)
    try:
        policy = policy_for(settings.policy)
        found = _probed(source, settings)
        plan = starter_plan(found, threads=settings.threads, encoder=find_tools().build, policy=policy)
        tell = on_plan or _ignore
        tell(plan)
        with Hidden(outdir) as hidden, _pool(jobs) as (pool, stop):
            work = _Work(source, hidden, on_progress or _ignore, stop)
            looking = pool.submit(work.settled, plan, policy)
            # Sound does not wait for what the pictures show.
            tasks = [pool.submit(work.sound, plan)] if plan.audio else []
            plan = looking.result()
            tell(plan)
            made = gather(plan, hidden, _results([*tasks, *work.pictures(plan, pool)]), work.folders)
            plan = verified(plan, made, hidden, sound=work.heard)
            write_playlists(plan, made, hidden)
            with source.open("rb") as file:
                digest = file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _translated(error) from error
    return Tree(plan, digest, made, tuple(work.heard), _cpu_s() - cpu_before_s, time.monotonic() - started)


def _ignore(*_heard: object) -> None:
    """Nobody watches."""


def _probed(source: Path, settings: TranscoderSettings) -> Source:
    if not source.is_file() or not os.access(source, os.R_OK):
        raise SourceMissing(f"no readable file at {source}", path=str(source))
    return probe(source, settings=settings)


def _translated(error: OSError) -> TranscoderError:
    return WorkspaceFull(str(error)) if error.errno in NO_ROOM else EncodeFailed(str(error))


def _cpu_s() -> float:
    """Of this process and of every tool that has ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


@contextmanager
def _pool(jobs: int) -> Iterator[tuple[ThreadPoolExecutor, Event]]:
    """Threads that start tools, and what stops these: nothing of them outlives the block."""
    pool, stop = ThreadPoolExecutor(jobs), Event()
    try:
        yield pool, stop
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


@dataclass(frozen=True, slots=True)
class _Work:
    """The tasks of one lesson, and what they share."""

    source: Path
    out: Path
    on_progress: OnProgress
    stop: Event
    frames: dict[tuple[Family, int], int] = field(default_factory=dict)
    """Done so far, by family and chunk."""
    folders: list[Path] = field(default_factory=list)
    """Of chunks."""
    heard: list[SoundReport] = field(default_factory=list)
    """Measured on the finished sound."""

    def settled(self, plan: Plan, policy: Policy) -> Plan:
        """Look at the lesson, and choose its rungs."""
        if plan.settled:
            return plan
        folder = self.out / ANALYSIS
        folder.mkdir()
        analysis = look(
            plan,
            self.source,
            folder,
            policy=policy,
            cancelled=self.stop.is_set,
            limits=LOCAL_LIMITS,
            on_progress=lambda share: self.on_progress(ANALYSIS, share * plan.duration_s),
        )
        shutil.rmtree(folder)
        return settle(plan, analysis, policy=policy)

    def pictures(self, plan: Plan, pool: ThreadPoolExecutor) -> list[Future[list[Made]]]:
        """H.264 chunk by chunk, then AV1, then the stills."""
        tasks = []
        for family in ("avc", "av1"):
            rungs = [rung for rung in plan.video if rung.family == family]
            tasks += [pool.submit(self._video, plan, chunk, rungs) for chunk in plan.chunks if rungs]
        return [*tasks, pool.submit(self._stills, plan)]

    def _video(self, plan: Plan, chunk: Chunk, rungs: Sequence[VideoRendition]) -> list[Made]:
        family = rungs[0].family
        folder = self.out / f"chunk-{family}-{chunk.index}"
        self.folders.append(folder)

        def on_frames(done: int) -> None:
            self.frames[family, chunk.index] = done
            frames = sum(count for (of, _), count in list(self.frames.items()) if of == family)
            for rung in rungs:
                self.on_progress(rung.name, float(frames / plan.fps))

        made = make_chunk(
            plan,
            chunk,
            rungs,
            self.source,
            folder,
            on_frames=on_frames,
            cancelled=self.stop.is_set,
            limits=LOCAL_LIMITS,
        )
        on_frames(chunk.end_frame - chunk.start_frame)
        return made

    def sound(self, plan: Plan) -> list[Made]:
        def on_seconds(done_s: float) -> None:
            for rendition in plan.audio:
                self.on_progress(rendition.name, done_s)

        made, reports = make_level_audio(
            plan,
            self.source,
            self.out,
            on_seconds=on_seconds,
            cancelled=self.stop.is_set,
            limits=LOCAL_LIMITS,
        )
        self.heard.extend(reports)
        return made

    def _stills(self, plan: Plan) -> list[Made]:
        return make_stills(plan, self.source, self.out, cancelled=self.stop.is_set, limits=LOCAL_LIMITS)


def _results(tasks: Sequence[Future[list[Made]]]) -> list[Made]:
    """Everything, or the error of the task that failed first, which stops all others."""
    done, _ = wait(tasks, return_when=FIRST_EXCEPTION)
    for task in tasks:
        if task in done and task.exception():
            task.result()
    return [item for task in tasks for item in task.result()]
