"""Make the pictures of one chunk: encoded on the grid, checked to the frame, and held to the lines of their rungs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from transcoder.batches import batches
from transcoder.boxes import InitSegment
from transcoder.collecting import INIT_NAME, collect_init, collect_segment, segment_name
from transcoder.correcting import ATTEMPTS, Try, alone, next_try, overshoot
from transcoder.encode_video import beginnings, in_order, sample_count, video_arguments
from transcoder.encoder import Cancelled, emptied, encode, forget_playlists, frames_told
from transcoder.errors import EncodeFailed
from transcoder.full_disk import full_disk_told
from transcoder.media import Chunk, Made, Plan, VideoRendition
from transcoder.runner import Limits, nobody_cancels

OnFrames = Callable[[int], None]


def make_chunk(
    plan: Plan,
    chunk: Chunk,
    renditions: Sequence[VideoRendition],
    source: Path,
    out: Path,
    *,
    on_frames: OnFrames | None = None,
    cancelled: Cancelled = nobody_cancels,
    limits: Limits | None = None,
) -> list[Made]:
    """
    Encode one chunk in all `renditions` with one decode, as finished segments `out/{rendition}/{n}.m4s`.

    Every rendition's `init.mp4` is made too, the same for each chunk. A segment that takes more than its rung's cap
    is encoded again, coarser. `on_frames` hears, about twice a second, how many frames are done, counted from 0 in
    every chunk. Raises EncodeCancelled soon after `cancelled()` says so, EncodeFailed, WorkspaceFull.
    """
    making = _Making(plan, source, out, cancelled, limits or Limits())
    with full_disk_told(out):
        folders = [emptied(out / rendition.name) for rendition in renditions]
        together = batches(plan, in_order(renditions), memory_bytes=making.limits.memory_bytes)
        for done, rungs in enumerate(together):
            making.encode(chunk, rungs, on_line=_frame_listener(on_frames, chunk, rungs[0], (done, len(together))))
        inits = {rung.name: _init_in(out / rung.name) for rung in renditions}
        made = [inits[rung.name].made for rung in renditions]
        for number in plan.segments_of(chunk):
            made += making.segments(chunk, number, renditions, inits)
        forget_playlists(folders)
    return made


@dataclass(frozen=True, slots=True)
class _Making:
    """What stays the same in every run of ffmpeg for a chunk."""

    plan: Plan
    source: Path
    out: Path
    cancelled: Cancelled
    limits: Limits

    def encode(
        self,
        chunk: Chunk,
        rungs: Sequence[VideoRendition],
        *,
        coarseness: int = 1,
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        """One run of ffmpeg, or as many as are needed to begin before the chunk's first picture."""
        for begin_s in beginnings(self.plan, chunk):
            command = video_arguments(self.plan, chunk, rungs, self.source, begin_s=begin_s, coarseness=coarseness)
            finished = encode(command, self.out, self.limits, self.cancelled, on_line)
            if self._begins_in_time(chunk, self.out / rungs[0].name):
                return
        raise EncodeFailed(f"no picture at the start of chunk {chunk.index}: {finished.complaint[:200]}")

    def segments(self, chunk: Chunk, number: int, rungs: Sequence[VideoRendition], inits: "_Inits") -> list[Made]:
        """A segment in all rungs, encoded again in those whose cap it exceeded; what fitted stays."""
        segment = alone(self.plan, chunk, number)
        made = {rung.name: self._collected(segment, number, rung, inits) for rung in rungs}
        tries = [Try(rung) for rung in rungs]
        for attempt in range(1, ATTEMPTS + 1):
            taken = [(done, overshoot(self.plan, done.rung, made[done.rung.name])) for done in tries]
            tries = [again for done, by in taken if (again := next_try(done, by, attempt))]
            tries.sort(key=lambda again: again.coarseness)
            for coarseness, together in groupby(tries, key=lambda again: again.coarseness):
                apart = [again.rung for again in together]
                self.encode(segment, apart, coarseness=coarseness)
                made |= {rung.name: self._collected(segment, number, rung, inits) for rung in apart}
        return list(made.values())

    def _begins_in_time(self, chunk: Chunk, folder: Path) -> bool:
        """Whether the demuxer landed before the chunk; else its first pictures are missing."""
        first = self.plan.segments_of(chunk)[0]
        if not (folder / segment_name(first)).exists():
            return False
        made, _ = collect_segment(folder, first, collect_init(folder)[1])
        return made.start_s == chunk.start_frame / self.plan.fps

    def _collected(self, segment: Chunk, number: int, rung: VideoRendition, inits: "_Inits") -> Made:
        """A segment as it lies there: on the grid, to the frame, and of the init segment of the whole chunk."""
        folder, place = self.out / rung.name, f"segment {number} of {rung.name}"
        init = inits[rung.name]
        try:
            made, found = collect_segment(folder, number, init.read)
        except FileNotFoundError as error:
            raise EncodeFailed(f"{place} was not written") from error
        frames = segment.end_frame - segment.start_frame
        if not (made.start_s == found.presentation_s == self.plan.start_s(number) and found.idr):
            raise EncodeFailed(f"{place} is off the grid")
        if (found.sample_count, made.duration_s) != (sample_count(frames, rung.frame_step), frames / self.plan.fps):
            raise EncodeFailed(f"{place} has {found.sample_count} pictures in {made.duration_s} s")
        if not _restored(folder, rung, init):
            raise EncodeFailed(f"{place} has an init segment of its own")
        return made


@dataclass(frozen=True, slots=True)
class _Init:
    """The init segment that the first encode of a rung wrote: the same in every chunk, for its CRF is the plan's."""

    made: Made
    read: InitSegment
    data: bytes


_Inits = dict[str, _Init]


def _init_in(folder: Path) -> _Init:
    made, read = collect_init(folder)
    return _Init(made, read, (folder / INIT_NAME).read_bytes())


def _restored(folder: Path, rung: VideoRendition, init: _Init) -> bool:
    """
    Whether a segment belongs to the rung's init segment, which lies there afterwards.

    At a high CRF SVT-AV1 takes larger superblocks, and says so in the sequence header, of which av1C holds a copy. Each
    key frame brings its own, which is the one that counts; everything else must be the same.
    """
    again = _init_in(folder)
    if again.made == init.made:
        return True
    (folder / INIT_NAME).write_bytes(init.data)
    return rung.family == "av1" and again.read == init.read


def _frame_listener(
    on_frames: OnFrames | None, chunk: Chunk, first: VideoRendition, part: tuple[int, int]
) -> Callable[[str], None] | None:
    """Of one process of several: ffmpeg counts the pictures of its first output."""
    done, processes = part
    frames = chunk.end_frame - chunk.start_frame

    def on_line(line: str) -> None:
        told = frames_told(line)
        if on_frames and told is not None:
            shown = min(frames, told * first.frame_step)
            on_frames((done * frames + shown) // processes)

    return on_line if on_frames else None
