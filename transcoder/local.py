"""From a file to a folder with its whole HLS tree, on this machine alone: no database, store or broker."""

import json
import os
import resource
import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from threading import Event

from transcoder.errors import EncodeFailed, OutputInvalid, SourceMissing, TranscoderError, WorkspaceFull
from transcoder.making import make_audio, make_chunk, make_stills
from transcoder.media import Chunk, Made, Plan, Source
from transcoder.media_playlists import iframe_playlist, media_playlist, target_duration
from transcoder.outdir import NO_ROOM, Hidden, require_empty
from transcoder.plan import plan as planned
from transcoder.plan_json import plan_to_json
from transcoder.playlists import multivariant, rendition_rate
from transcoder.probe import probe
from transcoder.rates import Rate
from transcoder.runner import Limits
from transcoder.settings import TranscoderSettings
from transcoder.stills import STILLS_FOLDER
from transcoder.tools import find_tools
from transcoder.verify import verify_asset

MULTIVARIANT_NAME = "multivariant.m3u8"
PLAN_NAME = "plan.json"
"""Beside the lesson: what `sabaq report` explains it with."""
# Nobody else waits for this machine, and a lesson of twelve hours has one task for its whole sound.
LOCAL_LIMITS = Limits(wall_s=24 * 3600, cpu_s=48 * 3600)

OnProgress = Callable[[str, float], None]
"""(rendition, seconds of the lesson that are done)"""


@dataclass(frozen=True, slots=True)
class Tree:
    """What `transcode` has written."""

    plan: Plan
    source_sha256: str
    made: dict[str, list[Made]]
    """By rendition, from low to high, pictures first; the stills under `stills`."""
    cpu_s: float
    wall_s: float

    def rate(self, rendition: str) -> Rate:
        return rendition_rate(self.made[rendition], target_s=target_duration(self.plan))

    def bytes(self, rendition: str) -> int:
        return sum(item.bytes for item in self.made[rendition])

    def codec(self, rendition: str) -> str:
        return next(item.codec for item in self.made[rendition] if item.kind == "init")


def transcode(
    source: Path,
    outdir: Path,
    *,
    settings: TranscoderSettings,
    jobs: int,
    on_plan: Callable[[Plan], None] | None = None,
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
        found = _probed(source, settings)
        plan = planned(found, threads=settings.threads, encoder=find_tools().build, policy=settings.policy)
        if on_plan:
            on_plan(plan)
        with Hidden(outdir) as hidden:
            made = _make_all(plan, source, hidden, jobs, on_progress or _ignore)
            _write_playlists(plan, made, hidden)
            with source.open("rb") as file:
                digest = file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _translated(error) from error
    return Tree(plan, digest, made, _cpu_s() - cpu_before_s, time.monotonic() - started)


def _ignore(_rendition: str, _done_s: float) -> None:
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


@dataclass(frozen=True, slots=True)
class _Work:
    """What the tasks of one lesson share."""

    plan: Plan
    source: Path
    out: Path
    on_progress: OnProgress
    stop: Event
    frames: dict[int, int]
    """Done so far, by chunk."""

    def video(self, chunk: Chunk) -> list[Made]:
        made = make_chunk(
            self.plan,
            chunk,
            self.plan.video,
            self.source,
            self.out / _chunk_folder(chunk),
            on_frames=lambda done: self._count(chunk, done),
            cancelled=self.stop.is_set,
            limits=LOCAL_LIMITS,
        )
        self._count(chunk, chunk.end_frame - chunk.start_frame)
        return made

    def _count(self, chunk: Chunk, done: int) -> None:
        self.frames[chunk.index] = done
        for rung in self.plan.video:
            self.on_progress(rung.name, float(sum(list(self.frames.values())) / self.plan.fps))

    def sound(self) -> list[Made]:
        def on_seconds(done_s: float) -> None:
            for rendition in self.plan.audio:
                self.on_progress(rendition.name, done_s)

        return make_audio(
            self.plan,
            self.source,
            self.out,
            on_seconds=on_seconds,
            cancelled=self.stop.is_set,
            limits=LOCAL_LIMITS,
        )

    def stills(self) -> list[Made]:
        return make_stills(self.plan, self.source, self.out, cancelled=self.stop.is_set, limits=LOCAL_LIMITS)


def _chunk_folder(chunk: Chunk) -> str:
    return f"chunk-{chunk.index}"


def _make_all(plan: Plan, source: Path, out: Path, jobs: int, on_progress: OnProgress) -> dict[str, list[Made]]:
    """Sound first, then chunk by chunk; the first failure stops everything."""
    work = _Work(plan, source, out, on_progress, Event(), {})
    pool = ThreadPoolExecutor(jobs)
    try:
        tasks = [pool.submit(work.sound)] if plan.audio else []
        tasks += [pool.submit(work.video, chunk) for chunk in plan.chunks]
        tasks.append(pool.submit(work.stills))
        made = _results(tasks)
    finally:
        work.stop.set()
        pool.shutdown(cancel_futures=True)
    return _gathered(plan, out, made)


def _results(tasks: Sequence[Future[list[Made]]]) -> list[Made]:
    """Everything, or the error of the task that failed first."""
    done, _ = wait(tasks, return_when=FIRST_EXCEPTION)
    for task in tasks:
        if task in done and task.exception():
            task.result()
    return [item for task in tasks for item in task.result()]


def _gathered(plan: Plan, out: Path, made: Sequence[Made]) -> dict[str, list[Made]]:
    """Move chunks and stills to their place in the tree; every chunk's init segment must be the same."""
    by_rendition: dict[str, list[Made]] = {name: [] for name in (*_names(plan), STILLS_FOLDER)}
    for item in made:
        if item.kind != "init" or item.sha256 not in {known.sha256 for known in by_rendition[item.rendition]}:
            by_rendition[item.rendition].append(item)
    for chunk in plan.chunks:
        for path in (out / _chunk_folder(chunk)).glob("*/*"):
            place = out / path.parent.name / path.name
            place.parent.mkdir(exist_ok=True)
            path.rename(place)
        shutil.rmtree(out / _chunk_folder(chunk))
    for item in by_rendition[STILLS_FOLDER]:
        (out / STILLS_FOLDER / item.name).rename(out / item.name)
    (out / STILLS_FOLDER).rmdir()
    return by_rendition


def _names(plan: Plan) -> list[str]:
    return [rendition.name for rendition in plan.renditions]


def _write_playlists(plan: Plan, made: dict[str, list[Made]], out: Path) -> None:
    findings = verify_asset(plan, {name: made[name] for name in _names(plan)})
    if findings:
        raise OutputInvalid(str(findings[0]), rule=findings[0].rule)
    target_s = target_duration(plan)
    for name in _names(plan):
        text = media_playlist(made[name], target_s=target_s, uri=_own_name)
        (out / name / "media.m3u8").write_text(text, "utf-8")
    for rung in plan.video:
        text = iframe_playlist(made[rung.name], target_s=target_s, uri=_own_name)
        (out / rung.name / "iframes.m3u8").write_text(text, "utf-8")
    text = multivariant(
        plan, made, uri=lambda name: f"{name}/media.m3u8", iframes_uri=lambda name: f"{name}/iframes.m3u8"
    )
    (out / MULTIVARIANT_NAME).write_text(text, "utf-8")
    (out / PLAN_NAME).write_text(json.dumps(plan_to_json(plan)), "utf-8")


def _own_name(item: Made) -> str:
    return item.name
