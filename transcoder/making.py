"""Make the files of a lesson: chunks of video, and the stills; the sound is in `transcoder.soundtrack`."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

from transcoder.boxes import InitSegment
from transcoder.collecting import collect_init, collect_segment, collect_still, segment_name
from transcoder.encode_video import beginnings, video_arguments
from transcoder.encoder import Cancelled, emptied, encode, forget_playlists
from transcoder.errors import EncodeFailed
from transcoder.full_disk import full_disk_told
from transcoder.media import Chunk, Made, Plan, VideoRendition
from transcoder.runner import Limits, nobody_cancels
from transcoder.soundtrack import make_audio
from transcoder.stills import (
    POSTER_NAME,
    STILLS_FOLDER,
    STORYBOARD_NAME,
    drawn_poster_arguments,
    poster_arguments,
    poster_begin_s,
    sheet_count,
    sheet_name,
    storyboard_arguments,
    storyboard_text,
)

__all__ = ["make_audio", "make_chunk", "make_stills"]


def make_chunk(
    plan: Plan,
    chunk: Chunk,
    renditions: Sequence[VideoRendition],
    source: Path,
    out: Path,
    *,
    on_frames: Callable[[int], None] | None = None,
    cancelled: Cancelled = nobody_cancels,
    limits: Limits | None = None,
) -> list[Made]:
    """
    Encode one chunk in all `renditions` with one decode, as finished segments `out/{rendition}/{n}.m4s`.

    Every rendition's `init.mp4` is made too, the same for each chunk. `on_frames` hears, about twice a second, how
    many frames are done, counted from 0 in every chunk. Raises EncodeCancelled soon after `cancelled()` says so,
    EncodeFailed, WorkspaceFull.
    """
    folders = [emptied(out / rendition.name) for rendition in renditions]
    with full_disk_told(out):
        for begin_s in beginnings(plan, chunk):
            command = video_arguments(plan, chunk, renditions, source, begin_s=begin_s)
            finished = encode(command, out, limits, cancelled, _frame_listener(on_frames))
            if _begins_in_time(plan, chunk, folders[0]):
                forget_playlists(folders)
                return [made for folder in folders for made in _chunk_files(plan, chunk, folder)]
        raise EncodeFailed(f"no picture at the start of chunk {chunk.index}: {finished.complaint[:200]}")


def make_stills(
    plan: Plan,
    source: Path,
    out: Path,
    *,
    cancelled: Cancelled = nobody_cancels,
    limits: Limits | None = None,
) -> list[Made]:
    """
    Make `out/stills/poster.jpg` and, for video, `storyboard.vtt` with its pictures `storyboard-{n}.jpg`.

    The VTT names the pictures relative to itself.
    """
    folder = emptied(out / STILLS_FOLDER)
    with full_disk_told(folder):
        if plan.source.video is None:
            encode(drawn_poster_arguments(plan, source), folder, limits, cancelled)
            return [collect_still(folder / POSTER_NAME)]
        for at_s in (poster_begin_s(plan), None):
            encode(poster_arguments(plan, source, at_s=at_s), folder, limits, cancelled)
            if (folder / POSTER_NAME).exists():
                break
        encode(storyboard_arguments(plan, source), folder, limits, cancelled)
        (folder / STORYBOARD_NAME).write_text(storyboard_text(plan), "utf-8")
        names = [POSTER_NAME, STORYBOARD_NAME, *(sheet_name(sheet) for sheet in range(sheet_count(plan)))]
        return [collect_still(folder / name) for name in names]


def _frame_listener(on_frames: Callable[[int], None] | None) -> Callable[[str], None] | None:
    def on_line(line: str) -> None:
        name, _, value = line.partition("=")
        if on_frames and name == "frame" and value.strip().isdigit():
            on_frames(int(value))

    return on_line if on_frames else None


def _begins_in_time(plan: Plan, chunk: Chunk, folder: Path) -> bool:
    """Whether the demuxer landed before the chunk; else its first pictures are missing."""
    first = plan.segments_of(chunk)[0]
    if not (folder / segment_name(first)).exists():
        return False
    _, init = collect_init(folder)
    made, _ = collect_segment(folder, first, init)
    return made.start_s == chunk.start_frame / plan.fps


def _chunk_files(plan: Plan, chunk: Chunk, folder: Path) -> list[Made]:
    """The init segment and the chunk's segments, each on the grid to the frame."""
    init_made, init = collect_init(folder)
    made = [init_made, *(_on_grid(plan, folder, number, init) for number in plan.segments_of(chunk))]
    frames = sum((item.duration_s for item in made), Fraction(0)) * plan.fps
    if frames != chunk.end_frame - chunk.start_frame:
        raise EncodeFailed(f"{frames} frames in chunk {chunk.index} of {folder.name}")
    return made


def _on_grid(plan: Plan, folder: Path, number: int, init: InitSegment) -> Made:
    try:
        made, found = collect_segment(folder, number, init)
    except FileNotFoundError as error:
        raise EncodeFailed(f"segment {number} of {folder.name} was not written") from error
    if not (made.start_s == found.presentation_s == plan.start_s(number) and found.idr):
        raise EncodeFailed(f"segment {number} of {folder.name} is off the grid")
    return made
